"""The nodes of a rule: one table from which parser and JSON Schema are read.

A new node is one entry in `NODES` and one class in `streams.core.segments.rules`."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.core.segments import rules
from streams.core.segments.rules import Bound, ConsentState, Function, Rule
from streams.definitions.comparisons import COMPARISON_FIELDS, IN_A_NODE, ONE_COMPARISON, ONE_VALUE, VALUE_FIELDS, comparison
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
from streams.definitions.shapes import Choice, Found, Given, Shape, Unreadable, many, record

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


def _trait(given: Given) -> Rule:
    return rules.Trait(name=given["name"], comparison=comparison(given), held_for=given.get("for"))


def _performed(given: Given) -> Rule:
    bound = next((bound for bound in Bound if bound in given), Bound.AT_LEAST)
    return rules.Performed(match=match(given), window=window(given), bound=bound, count=given.get(bound, 1),
                           distinct=given.get("distinct"))


def _aggregate(given: Given) -> Rule:
    return rules.Aggregate(match=match(given), window=window(given), function=given["function"],
                           property=given["property"], comparison=comparison(given, VALUE_FIELDS))


def _last_performed(given: Given) -> Rule:
    return rules.LastPerformed(match=match(given), where_last=given.get("where_last", ()), within=given.get("within"))


def _percent(found: Found) -> float:
    value = found.value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        found.unlike("a number from 0 to 100")
    return float(value)


def _salt(found: Found) -> str:
    is_whole = isinstance(found.value, int) and not isinstance(found.value, bool)
    return str(found.value) if is_whole else TEXT.read(found)


PERCENT = Shape(_percent, {"type": "number", "minimum": 0, "maximum": 100})
SALT = Shape(_salt, {"type": ["string", "integer"], "minLength": 1})
THEN_NOT = record({**MATCH_FIELDS, "for": duration(least_ms=0)},
                  lambda given: rules.ThenNot(match=match(given), wait=given.get("for", 0)))

NODES: Mapping[str, Shape[Any]] = {
    "all": Shape(lambda found: rules.All(rules=RULES.read(found)), RULES.schema),
    "any": Shape(lambda found: rules.AnyOf(rules=RULES.read(found)), RULES.schema),
    "not": Shape(lambda found: rules.Not(rule=read_rule(found)), RULE.schema),
    "everyone": record({}, lambda _: rules.Everyone()),
    "trait": record(
        {"name": PATH, "for": duration(least_ms=0), **COMPARISON_FIELDS}, _trait,
        required=("name",), choices=(ONE_COMPARISON,),
    ),
    "identifier": record({"namespace": NAMESPACE}, lambda given: rules.HasIdentifier(**given), required=("namespace",)),
    "performed": record(
        {**MATCH_FIELDS, **WINDOW_FIELDS, **COUNT_FIELDS, "distinct": PATH}, _performed,
        choices=(ONE_WINDOW, Choice.of(*Bound, instead=IN_A_NODE)), check=check_window,
    ),
    "aggregate": record(
        {**MATCH_FIELDS, **WINDOW_FIELDS, "function": choice(AGGREGATES), "property": PATH, **VALUE_FIELDS}, _aggregate,
        required=("function", "property"), choices=(ONE_WINDOW, ONE_VALUE), check=check_window,
    ),
    "last_performed": record({**MATCH_FIELDS, "where_last": WHERE, "within": duration()}, _last_performed),
    "sequence": record(
        {"steps": many(STEP, least=2, expected="a list of two or more steps, each {event, where}"),
         "within": duration(), "completed_within": duration(), "then_not": THEN_NOT},
        lambda given: rules.Sequence(**given), required=("steps",),
    ),
    "in_segment": record(
        {"id": KEBAB_ID}, lambda given: rules.InSegment(**given), required=("id",),
        check=lambda _, found: found.at("id").needs("segment"),
    ),
    "consent": record(
        {"purpose": TEXT, "state": choice(ConsentState)}, lambda given: rules.Consent(**given), required=("purpose",)),
    "random": record(
        {"percent": PERCENT, "salt": SALT}, lambda given: rules.Random(**given), required=("percent", "salt")),
    "members": MEMBERS,
}
