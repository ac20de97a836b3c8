"""Rules in words, for `because` and `explain`: one phrase a leaf, short enough for a log line.

Made of the definition alone, so it says nothing about anybody; a list of a million members is a number here."""
from __future__ import annotations

from typing import assert_never

from streams.core.intervals import DAY_MS
from streams.core.segments import rules
from streams.core.segments.listed import WIDTH
from streams.core.segments.rules import Bound, Comparison, Condition, EventMatch, Operator, Window
from streams.core.values import Json, iso

UNITS_MS = {"w": 7 * DAY_MS, "d": DAY_MS, "h": 3_600_000, "m": 60_000, "s": 1_000}
"""The units of a duration as definitions write it, the longest first."""
_LONGEST = 60


def duration(milliseconds: int) -> str:
    """As definitions write it: 3d, 90m, 1500ms."""
    for unit, size in UNITS_MS.items():
        if milliseconds and milliseconds % size == 0 and (unit != "w" or milliseconds >= 2 * size):
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


def phrase(rule: rules.Predicate) -> str:
    match rule:
        case rules.Trait():
            held = "" if rule.held_for is None else f" for {duration(rule.held_for)}"
            return f"trait {'.'.join(rule.name)} {comparison(rule.comparison)}{held}"
        case rules.HasIdentifier():
            return f"has identifier {rule.namespace}"
        case rules.Performed():
            return f"performed {events(rule.match)}{_count(rule)}{window(rule.window)}"
        case rules.Aggregate():
            return (f"{rule.function} of {'.'.join(rule.property)} over {events(rule.match)}{window(rule.window)} "
                    f"{comparison(rule.comparison)}")
        case rules.LastPerformed():
            return f"last {events(rule.match)}{window(Window(within=rule.within))}{_where(rule.where_last, ' has')}"
        case rules.Sequence():
            return _sequence(rule)
        case rules.Consent():
            return f"consent {rule.purpose} is {rule.state}"
        case rules.Random():
            return f"random {rule.percent:g}% of {rule.salt}"
        case rules.Members():
            return f"one of {len(rule.identifiers) + len(rule.digests) // WIDTH} listed identifiers"
        case _ as unknown:
            assert_never(unknown)


def events(match: EventMatch) -> str:
    names = " or ".join(match.names) if match.names else "any event"
    return names + _where(match.where, " where")


def _where(conditions: tuple[Condition, ...], word: str) -> str:
    if not conditions:
        return ""
    return f"{word} " + " and ".join(f"{'.'.join(c.property)} {comparison(c.comparison)}" for c in conditions)


def comparison(compared: Comparison) -> str:
    operator, operand = compared.operator, compared.operand
    words = str(operator).replace("_", " ")
    match operator:
        case Operator.EXISTS:
            return "exists" if operand else "does not exist"
        case Operator.WITHIN_LAST | Operator.WITHIN_NEXT | Operator.OLDER_THAN:
            return f"{words} {duration(operand)}"
        case Operator.BEFORE | Operator.AFTER:
            return f"{words} {iso(operand)}"
        case Operator.IN | Operator.NOT_IN:
            return f"{words} {_shortened(', '.join(map(str, operand[:20])))}"
        case _:
            return f"{words} {_shortened(_operand(operand))}"


def _operand(operand: Json) -> str:
    if isinstance(operand, tuple):
        return f"[{', '.join(map(_operand, operand))}]"
    return str(operand).lower() if isinstance(operand, bool) else str(operand)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST - 1] + "…"


def _count(rule: rules.Performed) -> str:
    distinct = "" if rule.distinct is None else f" with distinct {'.'.join(rule.distinct)}"
    if rule.bound is Bound.AT_LEAST and rule.count == 1:
        return distinct
    return f" {str(rule.bound).replace('_', ' ')} {rule.count} times{distinct}"


def window(of: Window) -> str:
    if of.within is not None:
        return f" within {duration(of.within)}"
    if of.start is not None and of.end is not None:
        return f" between {iso(of.start)} and {iso(of.end)}"
    if of.start is not None:
        return f" after {iso(of.start)}"
    return "" if of.end is None else f" before {iso(of.end)}"


def _sequence(rule: rules.Sequence) -> str:
    text = " then ".join(map(events, rule.steps)) + window(Window(within=rule.within))
    if rule.completed_within is not None:
        text += f" completed within {duration(rule.completed_within)}"
    if rule.then_not is not None:
        text += f" then not {events(rule.then_not.match)} for {duration(rule.then_not.wait)}"
    return text
