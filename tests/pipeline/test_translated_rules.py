"""What tests and documentation of other systems ask of segments, translated: the situations are theirs, the notation ours.

posthog: ee/clickhouse/queries/test/test_cohort_query.py. unomi: itests, SegmentIT and ConditionEvaluatorIT. mautic: filters
of contact segments. customer-io: data-driven segments. cep: Flink's pattern API, relaxed contiguity. dittofeed: the tests of
realtimeSegments. segment: Engage's audiences, computed traits and query language. growthbook: the cases of its SDKs.
Where a system differs from INTERFACES (windows of whole days, for one), INTERFACES holds.
"""
from __future__ import annotations

import pytest

from tests.pipeline.tables import Case, iso, known, outcomes, said

HELPERS = """
{kind: computed-trait, id: first-a, function: first_seen, event: A}
---
{kind: computed-trait, id: last-a, function: last_seen, event: A}
---
{kind: computed-trait, id: week-a, function: count, event: A, within: 7d}
---
{kind: computed-trait, id: spent, function: sum, event: O, property: v, within: 2h}
---
{kind: computed-trait, id: colours, function: distinct, event: A, property: c}
---
{kind: computed-trait, id: last-url, function: last, event: Page Viewed, property: url, within: 1h}
---
{kind: computed-trait, id: favourite, function: most_frequent, event: V, property: c, within: 2d}
---
{kind: computed-trait, id: called, function: coalesce, of: [{trait: nick}, {trait: first_name}, {event: A, property: name}]}
---
{kind: computed-trait, id: first-touch, function: first, event: Page Viewed, property: context.campaign.source}
---
{kind: computed-trait, id: least, function: min, event: O, property: v, where: [{property: price, gt: 100}]}
---
{kind: segment, id: buyers, rule: {performed: {event: O}}}
---
{kind: segment, id: active, rule: {performed: {event: "*", within: 1d}}}
---
{kind: segment, id: active-buyers, rule: {all: [{in_segment: {id: buyers}}, {in_segment: {id: active}}]}}
"""
WEEK = "performed: {event: A, within: 1w"
STOPPED = "all: [{performed: {event: A, within: 2w}}, {not: {performed: {event: A, within: 1w}}}]"
GRANDE = "{event: E, where: [{property: p, gte: 5}]}"
DAY_1, DAY_5 = said("A", "1/10:00"), said("A", "5/10:00")


def page(time: str, url: str) -> dict[str, object]:
    return {"type": "page", "name": "Shop", "timestamp": iso(time), "properties": {"url": url}}


def bought(time: str, v: float) -> dict[str, object]:
    return said("O", time, v=v)


POSTHOG = {
    "performed for the first time within a week": Case(
        "trait: {name: first-a, within_last: 7d}", [DAY_1, DAY_5], "+10:00 -8/10:00"),
    "the first time was earlier, as comes out later": Case(
        "trait: {name: first-a, within_last: 7d}", [DAY_5, said("A", "1/10:00", at="6/10:00")], "+5/10:00 -8/10:00"),
    "stopped": Case(STOPPED, [DAY_1], "+8/10:00 -15/10:00"),
    "stopped and came back": Case(
        STOPPED, [DAY_1, said("A", "9/10:00")], "+8/10:00 -9/10:00 +16/10:00 -23/10:00"),
    "last seen three days ago": Case(
        "trait: {name: last-a, older_than: 3d}", [DAY_1, DAY_5], "+4/10:00 -5/10:00 +8/10:00"),
    "at most once, but once": Case(
        f"all: [{{{WEEK}}}}}, {{{WEEK}, at_most: 1}}}}]", [DAY_1, said("A", "11:00")],
        "+10:00 -11:00 +8/10:00 -8/11:00"),
    "once or twice": Case(
        f"any: [{{{WEEK}, exactly: 1}}}}, {{{WEEK}, exactly: 2}}}}]", [DAY_1, said("A", "11:00"), said("A", "12:00")],
        "+10:00 -12:00 +8/10:00 -8/12:00"),
    "contains, in any case": Case(
        "performed: {event: A, where: [{property: p, matches: '(?i)some'}]}", [said("A", "10:00", p="SOMEthing")], "+10:00"),
    "a name and a property with a dollar sign": Case(
        "performed: {event: $pageview, where: [{property: $current_url, ends_with: /123}]}",
        [said("$pageview", "10:00", **{"$current_url": "https://x/123"})], "+10:00"),
    "not in a cohort": Case("not: {in_segment: {id: buyers}}", [DAY_1, bought("11:00", 1)], "+10:00 -11:00"),
    "a cohort of cohorts": Case(
        "in_segment: {id: active-buyers}", [bought("10:00", 1), said("A", "12:00")], "+10:00 -2/12:00"),
    "no longer in a cohort that ends by time": Case("not: {in_segment: {id: active}}", [DAY_1], "+2/10:00"),
    "a sequence and an event": Case(
        "all: [{sequence: {steps: [{event: A}, {event: B}], within: 3d}}, {performed: {event: A, within: 3d}}]",
        [DAY_1, said("B", "2/10:00")], "+2/10:00 -4/10:00"),
    "is not set": Case(
        "trait: {name: e, exists: false}", [DAY_1, known("11:00", e="x"), known("12:00", e=None)], "+10:00 -11:00 +12:00"),
}
COMPUTED = {
    "a count that falls": Case("trait: {name: week-a, gte: 2}", [DAY_1, said("A", "2/10:00")], "+2/10:00 -8/10:00"),
    "a count of none": Case(
        "trait: {name: week-a, is: 0}", [said("B", "10:00"), said("A", "2/10:00")], "+10:00 -2/10:00 +9/10:00"),
    "a sum without a window's events is missing": Case(
        "trait: {name: spent, lt: 10}", [bought("10:00", 3), bought("11:00", 8)], "+10:00 -11:00 +12:00 -13:00"),
    "a sum that has been enough for an hour": Case(
        "trait: {name: spent, gte: 5, for: 1h}", [bought("10:00", 5)], "+11:00 -12:00"),
    "values ever seen": Case(
        "trait: {name: colours, includes: x}", [said("A", "10:00", c="y"), said("A", "11:00", c="x")], "+11:00"),
    "the newest in a window": Case(
        "trait: {name: last-url, is: /b}", [page("10:00", "/a"), page("10:30", "/b")], "+10:30 -11:30"),
    "the favourite changes as time passes": Case(
        "trait: {name: favourite, is: x}",
        [said("V", time, c=c) for time, c in (("10:00", "x"), ("11:00", "x"), ("2/10:00", "y"))],
        "+10:00 -3/11:00"),
    "the first present of several": Case(
        "trait: {name: called, is: N}", [said("A", "10:00", name="N"), known("11:00", nick=""), known("12:00", nick=None)],
        "+10:00 -11:00 +12:00"),
}
ATTRIBUTES = {
    "mautic: not equal takes in who has none": Case(
        "trait: {name: c, is_not: UK}", [known("10:00", x=1), known("11:00", c="UK"), known("12:00", c="")],
        "+10:00 -11:00 +12:00"),
    "mautic: empty": Case(
        "any: [{trait: {name: c, exists: false}}, {trait: {name: c, is: ''}}]",
        [known("10:00", c=""), known("11:00", c="x"), known("12:00", c=None)], "+10:00 -11:00 +12:00"),
    "mautic: today": Case("trait: {name: b, within_last: 1d}", [known("10:00", b="2026-03-05")], "+5/00:00 -6/00:00"),
    "mautic: in the next two days": Case(
        "trait: {name: b, within_next: 2d}", [known("10:00", b="2026-03-05")], "+3/00:00:00.001 -5/00:00:00.001"),
    "unomi: a date equals as it is written": Case(
        "trait: {name: d, in: [2015-02-01T20:30:00Z, 2015-02-02]}", [known("10:00", d="2015-02-02")], "+10:00"),
    "unomi: all of a list": Case(
        "all: [{trait: {name: l, includes: a}}, {trait: {name: l, includes: b}}]",
        [known("10:00", l=["a"]), known("11:00", l=["b", "a"])], "+11:00"),
    "unomi: between numbers": Case(
        "all: [{trait: {name: n, gte: 20}}, {trait: {name: n, lte: 30}}]",
        [known("10:00", n=19.99), known("11:00", n="20"), known("12:00", n=30.01)], "+11:00 -12:00"),
    "unomi: a nested target": Case(
        "performed: {event: view, where: [{property: page.tags, includes: a}, {property: page.n, gte: 3}]}",
        [said("view", "10:00", page={"tags": ["b"], "n": 3}), said("view", "11:00", page={"tags": ["a"], "n": "3"})],
        "+11:00"),
    "unomi: a past event that comes late": Case(
        "performed: {event: t, within: 10d}", [said("B", "15/10:00"), said("t", "12/00:00", at="15/11:00")],
        "+15/11:00 -22/00:00"),
    "unomi: a past event that was too long ago": Case(
        "performed: {event: t, within: 10d}", [said("t", "1/00:00", at="16/10:00")], ""),
    "customer-io: signed up, and nothing since": Case(
        "all: [{trait: {name: created_at, older_than: 3d}}, {not: {performed: {event: A, within: 2d}}}]",
        [known("1/00:00", created_at=1_772_323_200_000), said("A", "3/12:00")], "+5/12:00"),
    "customer-io: seconds since 1970 are not milliseconds": Case(
        "trait: {name: created_at, within_last: 3d}", [known("10:00", created_at=1_772_323_200)], ""),
    "dittofeed: between ten and twelve minutes ago": Case(
        "all: [{performed: {event: D, within: 720s}}, {performed: {event: D, within: 600s, at_most: 0}}]",
        [said("D", "10:00")],
        "+10:10 -10:12"),
    "dittofeed: not within, or never": Case(
        "not: {trait: {name: told_at, within_last: 1h}}", [known("10:00", x=1), known("11:00", told_at=iso("11:00"))],
        "+10:00 -11:00 +12:00"),
    "held since it was first said, not since it was confirmed": Case(
        "trait: {name: s, is: x, for: 2h}", [known("11:00", s="x"), known("10:00", at="11:30", s="x")], "+12:00"),
    "held until something older turns out to have come between": Case(
        "trait: {name: s, is: x, for: 2h}",
        [known("10:00", s="x"), known("12:30", s="x"), known("12:10", at="13:00", s="y")], "+12:00 -13:00 +14:30"),
}
CART = "sequence: {steps: [{event: A}, {event: B}], completed_within: 7d, then_not: {event: O, for: 1h}}"
SEGMENT = {
    "began checkout and did not complete it within the hour": Case(
        CART, [DAY_1, said("B", "10:10"), bought("15:00", 1)], "+11:10 -15:00"),
    "never completed, until the week is over": Case(CART, [DAY_1, said("B", "10:10")], "+11:10 -8/10:10"),
    "what was bought before the checkout does not count": Case(
        CART, [DAY_1, bought("10:05", 1), said("B", "10:10")], "+11:10 -8/10:10"),
    "active one to two days ago, not since": Case(
        "all: [{performed: {event: '*', within: 2d}}, {performed: {event: '*', within: 1d, at_most: 0}}]", [DAY_1],
        "+2/10:00 -3/10:00"),
    "the first touch, until an earlier one comes late": Case(
        "trait: {name: first-touch, is: ad}",
        [page("10:00", "/") | {"context": {"campaign": {"source": "ad"}}},
         page("9:00", "/") | {"receivedAt": iso("12:00"), "context": {"campaign": {"source": "mail"}}}],
        "+10:00 -12:00"),
    "the least of what cost more than 100": Case(
        "trait: {name: least, lt: 20}",
        [said("O", "10:00", price=100, v=1), said("O", "11:00", price=101, v=30), said("O", "12:00", price="200", v="19")],
        "+12:00"),
    "NOT (did AND has)": Case(
        "not: {all: [{performed: {event: A}}, {trait: {name: total, gt: 200}}]}",
        [known("9:00", total=250), DAY_1, known("11:00", total=200)], "+09:00 -10:00 +11:00"),
    "growthbook: nor": Case(
        "not: {any: [{trait: {name: n, is: john}}, {trait: {name: age, lt: 30}}]}",
        [known("10:00", n="jim", age=40), known("11:00", age=20), known("12:00", n="john", age=40)], "+10:00 -11:00"),
}
CEP = {
    "three in ten minutes, smaller ones between": Case(
        f"sequence: {{steps: [{GRANDE}, {GRANDE}, {GRANDE}], within: 10m}}",
        [said("E", time, p=p) for time, p in (("10:00", 5), ("10:05", 4), ("10:06", 6), ("10:11", 7), ("10:12", 9))],
        "+10:12"),
    "a b a b": Case(
        "sequence: {steps: [{event: A}, {event: B}, {event: A}, {event: B}]}",
        [said(name, f"10:0{minute}") for minute, name in enumerate("AABCAB")], "+10:05"),
    "c, a and b arrive, but happened as a, b, c": Case(
        "sequence: {steps: [{event: A}, {event: B}, {event: C}]}",
        [said("C", "10:03", at="10:10"), said("A", "10:01", at="10:11"), said("B", "10:02", at="10:12")], "+10:12"),
    "not followed by either": Case(
        "sequence: {steps: [{event: A}, {event: B}], then_not: {event: [C, D], for: 10m}}",
        [said("A", "10:00"), said("B", "10:10"), said("D", "10:20")], ""),
    "not followed in time": Case(
        "sequence: {steps: [{event: A}, {event: B}], then_not: {event: [C, D], for: 10m}}",
        [said("A", "10:00"), said("B", "10:10"), said("D", "10:20:00.001")], "+10:20 -10:20:00.001"),
}
TABLES = {"posthog": POSTHOG, "computed": COMPUTED, "attributes": ATTRIBUTES, "segment": SEGMENT, "cep": CEP}


@pytest.mark.parametrize("table", TABLES)
def test_as_the_text_says(table: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    cases = TABLES[table]
    found = outcomes(tmp_path_factory.mktemp(table), cases, HELPERS)
    wrong = {name: f"{found[name]!r}, not {case.changes!r}" for name, case in cases.items() if found[name] != case.changes}
    assert not wrong
