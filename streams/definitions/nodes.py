"""The nodes of a rule: one table from which parser and JSON Schema are read.

A new node is one entry in `NODES` and one class in `streams.core.segments.rules`.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.core.segments.rules import (
    Aggregate,
    All,
    AnyOf,
    Bound,
    Consent,
    ConsentState,
    Everyone,
    Function,
    HasIdentifier,
    InSegment,
    LastPerformed,
    Not,
    Performed,
    Random,
    Rule,
    Sequence,
    ThenNot,
    Trait,
)
from streams.definitions.comparisons import (
    COMPARISON_FIELDS,
    IN_A_NODE,
    ONE_COMPARISON,
    ONE_VALUE,
    VALUE_FIELDS,
    comparison,
)
from streams.definitions.faults import dotted, shown
from streams.definitions.foreign import word_meant
from streams.definitions.matches import (
    MATCH_FIELDS,
    ONE_WINDOW,
    STEP,
    WHERE,
    WINDOW_FIELDS,
    check_window,
    match,
    window,
)
from streams.definitions.members import MEMBERS
from streams.definitions.scalars import KEBAB_ID, NAMESPACE, PATH, TEXT, choice, duration, whole
from streams.definitions.shapes import Choice, Found, Given, Record, Shape, Unreadable, many

DEEPEST = 100
COUNT_FIELDS = {bound.value: whole(least=0) for bound in Bound}
AGGREGATES = (
    Function.SUM, Function.AVERAGE, Function.MIN, Function.MAX, Function.FIRST, Function.LAST, Function.MOST_FREQUENT)


def read_rule(found: Found) -> Rule:
    """The node that `found` is, with all below it."""
    if not isinstance(found.value, dict) or not found.value:
        found.unlike(f"a rule: one of {', '.join(NODES)}")
    if len(found.steps) > DEEPEST:
        found.refuse("the rule is nested too deeply", "fewer levels")
    nodes = [node for node in (_node(found, name) for name in found.value) if node is not None]
    if len(found.value) > 1:
        names = ", ".join(map(str, found.value))
        found.refuse(f"{dotted(found.steps)} has {len(found.value)} nodes: {names}",
                     "exactly one; put several under all or any")
    if not nodes:
        raise Unreadable
    return nodes[0]


def _node(found: Found, name: str) -> Rule | None:
    child = found.at(name)
    if name not in NODES:
        child.note(f"unknown node {shown(name)} in {dotted(found.steps)}", f"one of {', '.join(NODES)}",
                   word_meant(name, NODES))
        return None
    try:
        rule: Rule = NODES[name].read(child)
    except Unreadable:
        return None
    return rule


RULE: Shape[Rule] = Shape(read_rule, {"$ref": "#/$defs/rule"})
RULES = many(RULE, least=0, expected="a list of rules")


def _trait(given: Given) -> Trait:
    return Trait(name=given["name"], comparison=comparison(given), held_for=given.get("for"))


def _performed(given: Given) -> Performed:
    bound = next((bound for bound in Bound if bound in given), Bound.AT_LEAST)
    return Performed(
        match=match(given), window=window(given), bound=bound, count=given.get(bound, 1),
        distinct=given.get("distinct"),
    )


def _aggregate(given: Given) -> Aggregate:
    return Aggregate(
        match=match(given), window=window(given), function=given["function"], property=given["property"],
        comparison=comparison(given, VALUE_FIELDS),
    )


def _last_performed(given: Given) -> LastPerformed:
    return LastPerformed(
        match=match(given), where_last=given.get("where_last", ()), within=given.get("within"),
    )


def _then_not(given: Given) -> ThenNot:
    return ThenNot(match=match(given), wait=given.get("for", 0))


def _sequence(given: Given) -> Sequence:
    return Sequence(
        steps=given["steps"], within=given.get("within"), completed_within=given.get("completed_within"),
        then_not=given.get("then_not"),
    )


def _percent(found: Found) -> float:
    value = found.value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        found.unlike("a number from 0 to 100")
    return float(value)


def _salt(found: Found) -> str:
    is_whole = isinstance(found.value, int) and not isinstance(found.value, bool)
    return str(found.value) if is_whole else TEXT.read(found)


def _function(found: Found) -> Function:
    if found.value not in AGGREGATES:
        found.unlike(f"one of {', '.join(AGGREGATES)}", word_meant(found.value, AGGREGATES))
    return Function(found.value)


PERCENT = Shape(_percent, {"type": "number", "minimum": 0, "maximum": 100})
SALT = Shape(_salt, {"type": ["string", "integer"], "minLength": 1})
FUNCTION = Shape(_function, {"enum": [function.value for function in AGGREGATES]})

THEN_NOT = Record(fields={**MATCH_FIELDS, "for": duration(least_ms=0)}, make=_then_not).shape()

NODES: Mapping[str, Shape[Any]] = {
    "all": Shape(lambda found: All(rules=RULES.read(found)), RULES.schema),
    "any": Shape(lambda found: AnyOf(rules=RULES.read(found)), RULES.schema),
    "not": Shape(lambda found: Not(rule=read_rule(found)), RULE.schema),
    "everyone": Record(fields={}, make=lambda _: Everyone()).shape(),
    "trait": Record(
        fields={"name": PATH, "for": duration(least_ms=0), **COMPARISON_FIELDS},
        required=("name",), choices=(ONE_COMPARISON,), make=_trait,
    ).shape(),
    "identifier": Record(
        fields={"namespace": NAMESPACE}, required=("namespace",),
        make=lambda given: HasIdentifier(namespace=given["namespace"]),
    ).shape(),
    "performed": Record(
        fields={**MATCH_FIELDS, **WINDOW_FIELDS, **COUNT_FIELDS, "distinct": PATH},
        choices=(ONE_WINDOW, Choice.of(*Bound, instead=IN_A_NODE)), check=check_window, make=_performed,
    ).shape(),
    "aggregate": Record(
        fields={**MATCH_FIELDS, **WINDOW_FIELDS, "function": FUNCTION, "property": PATH, **VALUE_FIELDS},
        required=("function", "property"), choices=(ONE_WINDOW, ONE_VALUE),
        check=check_window, make=_aggregate,
    ).shape(),
    "last_performed": Record(
        fields={**MATCH_FIELDS, "where_last": WHERE, "within": duration()}, make=_last_performed,
    ).shape(),
    "sequence": Record(
        fields={
            "steps": many(STEP, least=2, expected="a list of two or more steps, each {event, where}"),
            "within": duration(), "completed_within": duration(), "then_not": THEN_NOT,
        },
        required=("steps",), make=_sequence,
    ).shape(),
    "in_segment": Record(
        fields={"id": KEBAB_ID}, required=("id",), make=lambda given: InSegment(id=given["id"]),
        check=lambda _, found: found.at("id").needs("segment"),
    ).shape(),
    "consent": Record(
        fields={"purpose": TEXT, "state": choice(ConsentState)}, required=("purpose",),
        make=lambda given: Consent(
            purpose=given["purpose"], state=given.get("state", ConsentState.GRANTED),
        ),
    ).shape(),
    "random": Record(
        fields={"percent": PERCENT, "salt": SALT}, required=("percent", "salt"),
        make=lambda given: Random(percent=given["percent"], salt=given["salt"]),
    ).shape(),
    "members": MEMBERS,
}
