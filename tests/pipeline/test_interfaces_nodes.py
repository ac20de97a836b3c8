"""INTERFACES section 3: what is computed over events, sequences, consent, and traits that last; derived from the text."""
from __future__ import annotations

import pytest

from tests.pipeline.tables import Case, known, outcomes, said


def order(time: str, value: object = None, at: str = "") -> dict[str, object]:
    return said("O", time, at, **({} if value is None else {"v": value}))


def consent(time: str, at: str = "", **purposes: object) -> dict[str, object]:
    return said("Consent Preference Updated", time, at, purposes=purposes)


def by_the_way(time: str, **purposes: bool) -> dict[str, object]:
    return said("A", time, context={"consent": {"purposes": purposes}})


S = "sequence: {steps: [{event: A}, {event: B}]"
AGGREGATES = {
    "sum": Case(
        "aggregate: {event: O, function: sum, property: v, gte: 10}", [order("10:00", 4), order("11:00", "6")], "+11:00"),
    "sum falls below": Case(
        "aggregate: {event: O, function: sum, property: v, lt: 10}", [order("10:00", 4), order("11:00", 6)],
        "+10:00 -11:00"),
    "sum of tenths": Case(
        "aggregate: {event: O, function: sum, property: v, is: 0.3}", [order("10:00", 0.1), order("11:00", 0.2)], "+11:00"),
    "sum skips what is no number": Case(
        "aggregate: {event: O, function: sum, property: v, is: 4}",
        [order("10:00", 4), order("11:00", "n/a"), order("12:00", True)], "+10:00"),
    "sum in a window": Case(
        "aggregate: {event: O, function: sum, property: v, gte: 10, within: 2h}", [order("10:00", 4), order("11:00", 6)],
        "+11:00 -12:00"),
    "sum of negatives": Case(
        "aggregate: {event: O, function: sum, property: v, lte: 0}", [order("10:00", 5), order("11:00", -5)], "+11:00"),
    "sum over nothing is false": Case(
        "aggregate: {event: O, function: sum, property: v, lt: 10}", [said("A", "10:00"), order("11:00")], ""),
    "over nothing is_not is false": Case(
        "aggregate: {event: O, function: sum, property: v, is_not: 1}", [said("A", "10:00")], ""),
    "over nothing exists false is false": Case(
        "aggregate: {event: O, function: last, property: v, exists: false}", [said("A", "10:00")], ""),
    "over something exists": Case(
        "aggregate: {event: O, function: last, property: v, exists: true}", [order("10:00"), order("11:00", 1)], "+11:00"),
    "not over nothing": Case(
        "not: {aggregate: {event: O, function: sum, property: v, gte: 10}}", [said("A", "10:00"), order("11:00", 10)],
        "+10:00 -11:00"),
    "average": Case(
        "aggregate: {event: O, function: average, property: v, is: 5}",
        [order("10:00", 4), order("11:00", 6), order("12:00")], "+11:00"),
    "min": Case(
        "aggregate: {event: O, function: min, property: v, lt: 3}", [order("10:00", 4), order("11:00", "2.5")], "+11:00"),
    "min in a window": Case(
        "aggregate: {event: O, function: min, property: v, lt: 3, within: 1h}", [order("10:00", 2), order("10:30", 4)],
        "+10:00 -11:00"),
    "max": Case(
        "aggregate: {event: O, function: max, property: v, gt: 9}", [order("10:00", "9"), order("11:00", "10")], "+11:00"),
    "first is by event time": Case(
        "aggregate: {event: O, function: first, property: v, is: x}",
        [order("11:00", "y"), order("10:00", "x", at="12:00")], "+12:00"),
    "first in a window moves on": Case(
        "aggregate: {event: O, function: first, property: v, is: x, within: 1h}",
        [order("10:00", "y"), order("10:30", "x")], "+11:00 -11:30"),
    "last is by event time": Case(
        "aggregate: {event: O, function: last, property: v, is: x}", [order("11:00", "x"), order("10:00", "y", at="12:00")],
        "+11:00"),
    "last: a tie goes to the later arrival": Case(
        "aggregate: {event: O, function: last, property: v, is: y}",
        [order("10:00", "x", at="11:00"), order("10:00", "y", at="12:00")], "+12:00"),
    "first: a tie goes to the earlier arrival": Case(
        "aggregate: {event: O, function: first, property: v, is: x}",
        [order("10:00", "x", at="11:00"), order("10:00", "y", at="12:00")], "+11:00"),
    "last skips those without it": Case(
        "aggregate: {event: O, function: last, property: v, is: x}", [order("10:00", "x"), order("11:00")], "+10:00"),
    "last of a list": Case(
        "aggregate: {event: O, function: last, property: v, includes: x}",
        [order("10:00", ["y", "x"]), order("11:00", "x")], "+10:00 -11:00"),
    "last as a time": Case(
        "aggregate: {event: O, function: last, property: v, within_last: 1h}", [order("10:00", "2026-03-01T11:00:00Z")],
        "+11:00 -12:00"),
    "most frequent": Case(
        "aggregate: {event: O, function: most_frequent, property: v, is: y}",
        [order("10:00", "x"), order("10:01", "y"), order("11:00", "y")], "+11:00"),
    "most frequent: ties go to the smallest text": Case(
        "aggregate: {event: O, function: most_frequent, property: v, is: x}", [order("10:00", "y"), order("11:00", "x")],
        "+11:00"),
    "most frequent: ties of numbers too are by text": Case(
        "aggregate: {event: O, function: most_frequent, property: v, is: 10}", [order("10:00", 9), order("11:00", 10)],
        "+11:00"),
    "most frequent counts one number however written": Case(
        "aggregate: {event: O, function: most_frequent, property: v, is: 2}",
        [order("10:00", 1), order("10:01", 2), order("11:00", "2")], "+11:00"),
    "before and after are the window": Case(
        "aggregate: {event: O, function: sum, property: v, gte: 5, after: '2026-03-01T11:00:00Z'}",
        [order("10:00", 5), order("11:00", 5)], "+11:00"),
    "where": Case(
        "aggregate: {event: O, where: [{property: v, gt: 1}], function: sum, property: v, gte: 5}",
        [order("10:00", 1), order("11:00", 4), order("12:00", 5)], "+12:00"),
    "any event": Case(
        "aggregate: {function: sum, property: v, gte: 5}", [said("X", "10:00", v=2), said("Y", "11:00", v=3)], "+11:00"),
}

LAST = {
    "the newest must satisfy": Case(
        "last_performed: {event: O, where_last: [{property: v, gt: 5}]}",
        [order("10:00", 6), order("11:00", 5), order("12:00", 7)], "+10:00 -11:00 +12:00"),
    "an older one that comes late changes nothing": Case(
        "last_performed: {event: O, where_last: [{property: v, gt: 5}]}",
        [order("11:00", 6), order("10:00", 1, at="12:00")], "+11:00"),
    "where says which are looked at": Case(
        "last_performed: {event: O, where: [{property: v, exists: true}], where_last: [{property: v, gt: 5}]}",
        [order("10:00", 6), order("11:00")], "+10:00"),
    "without conditions": Case("last_performed: {event: O}", [said("A", "10:00"), order("11:00")], "+11:00"),
    "within": Case("last_performed: {event: O, within: 1h}", [order("10:00"), order("10:30")], "+10:00 -11:30"),
    "within, though an older one satisfies": Case(
        "last_performed: {event: O, within: 2h, where_last: [{property: v, is: 1}]}",
        [order("10:00", 1), order("11:00", 2)], "+10:00 -11:00"),
    "a tie goes to the later arrival": Case(
        "last_performed: {event: O, where_last: [{property: v, is: 1}]}",
        [order("10:00", 1, at="11:00"), order("10:00", 2, at="12:00")], "+11:00 -12:00"),
    "missing satisfies is_not": Case(
        "last_performed: {event: O, where_last: [{property: v, is_not: 1}]}", [order("10:00", 1), order("11:00")],
        "+11:00"),
    "where relative to now": Case(
        "last_performed: {event: O, where: [{property: v, within_last: 1h}]}", [order("10:00", "2026-03-01T10:00:00Z")],
        "+10:00 -11:00"),
    "where relative to now lets an older one be the newest": Case(
        "last_performed: {event: O, where: [{property: v, within_last: 2h}], where_last: [{property: w, is: 1}]}",
        [said("O", "10:00", v="2026-03-01T10:30:00Z", w=1) | {"receivedAt": "2026-03-01T10:30:00Z"},
         said("O", "10:31", v="2026-03-01T09:00:00Z", w=2)], "+10:30 -10:31 +11:00 -12:30"),
}

SEQUENCES = {
    "in order": Case(f"{S}}}", [said("A", "10:00"), said("B", "11:00")], "+11:00"),
    "not the other way": Case(f"{S}}}", [said("B", "10:00"), said("A", "11:00")], ""),
    "others between are ignored": Case(
        f"{S}}}", [said("A", "10:00"), said("C", "10:30"), said("A", "10:31"), said("B", "11:00")], "+11:00"),
    "one event is one step": Case(
        "sequence: {steps: [{event: A}, {event: A}]}", [said("A", "10:00"), said("A", "11:00")], "+11:00"),
    "three times the same": Case(
        "sequence: {steps: [{event: A}, {event: A}, {event: A}]}",
        [said("A", "10:00"), said("A", "11:00"), said("A", "12:00")], "+12:00"),
    "equal times in order of arrival": Case(
        f"{S}}}", [said("A", "10:00", at="11:00"), said("B", "10:00", at="12:00")], "+12:00"),
    "equal times against the order of arrival": Case(
        f"{S}}}", [said("B", "10:00", at="11:00"), said("A", "10:00", at="12:00")], ""),
    "the first step comes late": Case(f"{S}}}", [said("B", "11:00"), said("A", "10:00", at="12:00")], "+12:00"),
    "within excludes its end": Case(f"{S}, within: 1h}}", [said("A", "10:00"), said("B", "11:00")], ""),
    "within, a millisecond less": Case(
        f"{S}, within: 1h}}", [said("A", "10:00"), said("B", "10:59:59.999")], "+10:59:59.999"),
    "within, from a later first step": Case(
        f"{S}, within: 1h}}", [said("A", "10:00"), said("A", "10:30"), said("B", "11:00")], "+11:00"),
    "within, three steps, the middle may be any": Case(
        "sequence: {steps: [{event: A}, {event: B}, {event: C}], within: 1h}",
        [said("A", "10:00"), said("B", "10:10"), said("A", "10:20"), said("C", "11:00"), said("B", "11:05"),
         said("C", "11:10")],
        "+11:10"),
    "ever stays ever": Case(f"{S}}}", [said("A", "10:00"), said("B", "10:01"), said("B", "12:00")], "+10:01"),
    "completed_within": Case(f"{S}, completed_within: 2h}}", [said("A", "10:00"), said("B", "11:00")], "+11:00 -13:00"),
    "completed_within, again": Case(
        f"{S}, completed_within: 2h}}", [said("A", "10:00"), said("B", "11:00"), said("B", "12:00")], "+11:00 -14:00"),
    "completed_within, renewed at its end": Case(
        f"{S}, completed_within: 2h}}", [said("A", "10:00"), said("B", "11:00"), said("B", "13:00")], "+11:00 -15:00"),
    "completed_within, known too late": Case(
        f"{S}, completed_within: 2h}}", [said("B", "11:00"), said("A", "10:00", at="13:00")], ""),
    "where in a step": Case(
        "sequence: {steps: [{event: A, where: [{property: v, is: 1}]}, {event: B}]}",
        [said("A", "10:00", v=2), said("B", "11:00"), said("A", "11:30", v=1), said("B", "12:00")], "+12:00"),
    "a step of any event": Case("sequence: {steps: [{event: A}, {}]}", [said("A", "10:00"), said("X", "11:00")], "+11:00"),
    "then_not at once": Case(
        f"{S}, then_not: {{event: C}}}}", [said("A", "10:00"), said("B", "11:00"), said("C", "12:00")], "+11:00 -12:00"),
    "then_not for a while": Case(
        f"{S}, then_not: {{event: C, for: 1h}}}}", [said("A", "10:00"), said("B", "11:00")], "+12:00"),
    "then_not, ended in time": Case(
        f"{S}, then_not: {{event: C, for: 1h}}}}", [said("A", "10:00"), said("B", "11:00"), said("C", "11:59:59.999")], ""),
    "then_not, ended at the very instant": Case(
        f"{S}, then_not: {{event: C, for: 1h}}}}", [said("A", "10:00"), said("B", "11:00"), said("C", "12:00")], ""),
    "then_not, ended afterwards": Case(
        f"{S}, then_not: {{event: C, for: 1h}}}}", [said("A", "10:00"), said("B", "11:00"), said("C", "13:00")],
        "+12:00 -13:00"),
    "then_not, ended by what comes late": Case(
        f"{S}, then_not: {{event: C, for: 1h}}}}", [said("A", "10:00"), said("B", "11:00"), said("C", "11:30", at="14:00")],
        "+12:00 -14:00"),
    "then_not before the completion is nothing": Case(
        f"{S}, then_not: {{event: C, for: 1h}}}}", [said("A", "10:00"), said("C", "10:30"), said("B", "11:00")], "+12:00"),
    "then_not at the completion's time, arrived after it": Case(
        f"{S}, then_not: {{event: C}}}}", [said("A", "10:00"), said("B", "11:00"), said("C", "11:00", at="12:00")],
        "+11:00 -12:00"),
    "then_not: a new completion begins the wait anew": Case(
        f"{S}, then_not: {{event: C, for: 1h}}}}",
        [said("A", "10:00"), said("B", "11:00"), said("B", "11:30"), said("C", "13:00"), said("B", "14:00")],
        "+12:30 -13:00 +15:00"),
    "then_not: a new completion while in begins the wait anew": Case(
        f"{S}, then_not: {{event: C, for: 1h}}}}", [said("A", "10:00"), said("B", "11:00"), said("B", "12:30")],
        "+12:00 -12:30 +13:30"),
    "then_not and completed_within": Case(
        f"{S}, completed_within: 3h, then_not: {{event: C, for: 1h}}}}", [said("A", "10:00"), said("B", "11:00")],
        "+12:00 -14:00"),
    "then_not for as long as completed_within is nobody's": Case(
        f"{S}, completed_within: 1h, then_not: {{event: C, for: 1h}}}}", [said("A", "10:00"), said("B", "11:00")], ""),
    "then_not with where": Case(
        f"{S}, then_not: {{event: C, where: [{{property: v, is: 1}}]}}}}",
        [said("A", "10:00"), said("B", "11:00"), said("C", "11:30", v=2), said("C", "12:00", v=1)], "+11:00 -12:00"),
    "then_not may be a step too": Case(
        f"{S}, then_not: {{event: A, for: 1h}}}}",
        [said("A", "10:00"), said("B", "11:00"), said("A", "11:30"), said("B", "12:00")], "+13:00"),
}

CONSENT = {
    "granted is asked": Case(
        "consent: {purpose: p}", [said("A", "10:00"), consent("11:00", p=True), consent("12:00", p=False)],
        "+11:00 -12:00"),
    "denied": Case(
        "consent: {purpose: p, state: denied}", [said("A", "10:00"), consent("11:00", p=False), consent("12:00", p=True)],
        "+11:00 -12:00"),
    "unknown": Case(
        "consent: {purpose: p, state: unknown}", [consent("10:00", q=True), consent("11:00", p=False)], "+10:00 -11:00"),
    "in the context of any event": Case(
        "consent: {purpose: p}", [by_the_way("10:00", p=True), said("A", "11:00"), by_the_way("12:00", q=True)], "+10:00"),
    "the newest by event time": Case(
        "consent: {purpose: p}",
        [consent("11:00", p=True), consent("10:00", p=False, at="12:00"), consent("11:30", p=False, at="13:00")],
        "+11:00 -13:00"),
    "a tie goes to the later arrival": Case(
        "consent: {purpose: p}", [consent("10:00", p=True, at="11:00"), consent("10:00", p=False, at="12:00")],
        "+11:00 -12:00"),
    "null is no statement": Case("consent: {purpose: p}", [consent("10:00", p=True), consent("11:00", p=None)], "+10:00"),
}

HELD = {
    "held for a day": Case("trait: {name: s, is: x, for: 1d}", [known("10:00", s="x")], "+2/10:00"),
    "held, said again": Case("trait: {name: s, is: x, for: 1d}", [known("10:00", s="x"), known("20:00", s="x")], "+2/10:00"),
    "held until it is not": Case(
        "trait: {name: s, is: x, for: 1h}", [known("10:00", s="x"), known("12:00", s="y")], "+11:00 -12:00"),
    "broken off": Case(
        "trait: {name: s, is: x, for: 1h}", [known("10:00", s="x"), known("10:30", s="y"), known("10:45", s="x")],
        "+11:45"),
    "broken at the very instant": Case(
        "trait: {name: s, is: x, for: 1h}", [known("10:00", s="x"), known("11:00", s="y")], ""),
    "another value that compares so too": Case(
        "trait: {name: s, in: [x, y], for: 1h}", [known("10:00", s="x"), known("10:30", s="y")], "+11:00"),
    "a late value joins": Case(
        "trait: {name: s, is: x, for: 1h}", [known("10:30", s="x"), known("10:00", s="x", at="11:10")], "+11:10"),
    "a late value splits": Case(
        "trait: {name: s, is: x, for: 1h}",
        [known("10:00", s="x"), known("11:30", s="x"), known("11:20", s="y", at="11:40")], "+11:00 -11:40 +12:30"),
    "came in too late to wait": Case(
        "trait: {name: s, is: x, for: 1h}", [said("A", "09:00"), known("10:00", s="x", at="12:00")], "+12:00"),
    "removed": Case(
        "trait: {name: s, exists: true, for: 1h}", [known("10:00", s="x"), known("12:00", s=None)], "+11:00 -12:00"),
    "missing counts from the first event": Case(
        "trait: {name: s, is_not: x, for: 1h}", [said("A", "10:00"), known("12:00", s="x")], "+11:00 -12:00"),
    "missing, an earlier first event comes late": Case(
        "trait: {name: s, exists: false, for: 1h}", [said("A", "10:00"), said("A", "09:00", at="10:10")], "+10:10"),
    "a number above": Case(
        "trait: {name: n, gte: 5, for: 1h}", [known("10:00", n=5), known("10:30", n="7"), known("12:00", n=4)],
        "+11:00 -12:00"),
    "a computed trait": Case("trait: {name: a-count, gte: 2, for: 1h}", [said("A", "10:00"), said("A", "10:30")], "+11:30"),
    "a computed trait in a window": Case(
        "trait: {name: a-hourly, is: 0, for: 1h}", [said("A", "10:00"), said("A", "10:30")], "+12:30"),
    "inside an object": Case(
        "trait: {name: o.s, is: x, for: 1h}", [known("10:00", o={"s": "x"}), known("10:30", o={"s": "x", "t": 1})],
        "+11:00"),
    "a time grown old, then for": Case(
        "trait: {name: t, older_than: 1h, for: 1h}", [known("10:00", t="2026-03-01T10:00:00Z")], "+12:00"),
}
COMPUTED = """
kind: computed-trait
id: a-count
function: count
event: A
---
kind: computed-trait
id: a-hourly
function: count
event: A
within: 1h
"""
TABLES = {"aggregates": AGGREGATES, "last": LAST, "sequences": SEQUENCES, "consent": CONSENT, "held": HELD}


@pytest.mark.parametrize("table", TABLES)
def test_as_the_text_says(table: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    cases = TABLES[table]
    found = outcomes(tmp_path_factory.mktemp(table), cases, COMPUTED)
    wrong = {name: f"{found[name]!r}, not {case.changes!r}" for name, case in cases.items() if found[name] != case.changes}
    assert not wrong
