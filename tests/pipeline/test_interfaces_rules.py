"""INTERFACES section 3, node by node and sentence by sentence: the changes are derived from the text, by hand."""
from __future__ import annotations

import pytest

from tests.pipeline.tables import Case, backtest, known, outcomes, said

A10, A11, A12 = said("A", "10:00"), said("A", "11:00"), said("A", "12:00")
B10, B11, B12 = said("B", "10:00"), said("B", "11:00"), said("B", "12:00")
GROUP = {"type": "group", "groupId": "g", "timestamp": "2026-03-01T11:00:00Z", "receivedAt": "2026-03-01T11:00:00Z",
         "traits": {"plan": "pro"}}
ALIAS = {"type": "alias", "previousId": "p", "timestamp": "2026-03-01T11:00:00Z", "receivedAt": "2026-03-01T11:00:00Z"}
PAGE = {"type": "page", "name": "Home", "timestamp": "2026-03-01T11:00:00Z", "receivedAt": "2026-03-01T11:00:00Z",
        "properties": {"path": "/"}}
SCREEN = PAGE | {"type": "screen"}


WHOLE = {
    "empty all is true": Case("all: []", [A10], "+10:00"),
    "empty any is false": Case("any: []", [A10], ""),
    "all": Case("all: [{performed: {event: A}}, {performed: {event: B}}]", [A10, B11], "+11:00"),
    "any": Case("any: [{performed: {event: A}}, {performed: {event: B}}]", [B10, A11], "+10:00"),
    "not": Case("not: {performed: {event: B}}", [A10, B11], "+10:00 -11:00"),
    "not of nothing": Case("not: {any: []}", [A10], "+10:00"),
    "everyone": Case("everyone: {}", [A10, B11], "+10:00"),
    "identifier": Case("identifier: {namespace: email}", [A10, known("11:00", email="rules@example.org")], "+11:00"),
    "identifier of a custom namespace": Case(
        "identifier: {namespace: loyalty}",
        [A10, said("A", "11:00", context={"externalIds": [{"id": "7", "type": "Loyalty"}]})],
        "+11:00"),
    "in_segment at the same instant": Case(
        "all: [{in_segment: {id: helper}}, {not: {performed: {event: B}}}]", [A10, B11], "+10:00 -11:00"),
    "not in_segment, by time": Case(
        "all: [{performed: {event: A}}, {not: {in_segment: {id: helper}}}]", [A10], "+14:00"),
    "members by customer id": Case("members: ['customer_id:u11']", [A10], "+10:00"),
    "members of nobody here": Case("members: ['customer_id:nobody']", [A10], ""),
    "members by e-mail as it is normalised": Case(
        "members: ['email: Listed@Example.org ']", [A10, known("11:00", email="LISTED@example.org")], "+11:00"),
    "not a member": Case("not: {members: ['customer_id:nobody']}", [A10], "+10:00"),
    "random of all": Case("random: {percent: 100, salt: x}", [A10], "+10:00"),
    "random of none": Case("random: {percent: 0, salt: x}", [A10], ""),
    "random with a number for a salt": Case("random: {percent: 100, salt: 2026}", [A10], "+10:00"),
}
assert list(WHOLE).index("members by customer id") == 11
HELPER = "kind: segment\nid: helper\nrule: {performed: {event: A, within: 4h}}\n"

NAMES = {
    "a name": Case("performed: {event: A}", [said("a", "10:00"), said("A ", "10:30"), A11], "+11:00"),
    "a list of names": Case("performed: {event: [X, B]}", [A10, B11], "+11:00"),
    "a pattern": Case("performed: {event: PURCHASE_*}", [said("purchase_x", "10:00"), said("PURCHASE_", "11:00")], "+11:00"),
    "a pattern inside": Case("performed: {event: 'A*C'}", [said("ABCD", "10:00"), said("AxxC", "11:00")], "+11:00"),
    "a pattern in a list": Case("performed: {event: [X, 'B*']}", [A10, said("Bee", "11:00")], "+11:00"),
    "a pattern is no regular expression": Case(
        "performed: {event: 'A.*'}", [said("AB", "10:00"), said("A.B", "11:00")], "+11:00"),
    "any event by star": Case("performed: {event: '*', at_least: 2}", [A10, PAGE], "+11:00"),
    "any event by omission": Case("performed: {at_least: 2}", [A10, known("11:00", x=1)], "+11:00"),
    "a screen is an event": Case("performed: {event: Screen Viewed}", [SCREEN], "+11:00"),
    "a page is an event": Case("performed: {event: Page Viewed, where: [{property: path, is: /}]}", [PAGE], "+11:00"),
    "group is none": Case("performed: {}", [GROUP, A12], "+12:00"),
    "alias is none": Case("performed: {}", [ALIAS, A12], "+12:00"),
    "group by a star is none": Case("performed: {event: '*'}", [GROUP, A12], "+12:00"),
    "traits of identify are its properties": Case(
        "performed: {event: Identified, where: [{property: plan, is: pro}]}",
        [known("10:00", plan="free"), known("11:00", plan="pro")], "+11:00"),
    "names with blanks": Case("performed: {event: '  Order  Completed '}", [said("  Order  Completed ", "10:00")], "+10:00"),
}

PROPERTIES = {
    "dotted": Case(
        "performed: {event: A, where: [{property: a.b.c, is: 1}]}", [said("A", "10:00", a={"b": {"c": 1}})], "+10:00"),
    "dotted into a text": Case(
        "performed: {event: A, where: [{property: a.b, exists: false}]}", [said("A", "10:00", a="x")], "+10:00"),
    "in the context": Case(
        "performed: {event: A, where: [{property: context.source.type, is: pos}]}",
        [said("A", "10:00", context={"source": {"type": "web"}}), said("A", "11:00", context={"source": {"type": "pos"}})],
        "+11:00"),
    "keys that hold dots": Case(
        "performed: {event: A, where: [{property: [files, receipt.pdf], is: 1}]}",
        [said("A", "10:00", files={"receipt": {"pdf": 1}}), said("A", "11:00", files={"receipt.pdf": 1})], "+11:00"),
    "all conditions must hold, of one event": Case(
        "performed: {event: A, where: [{property: x, is: 1}, {property: y, is: 2}]}",
        [said("A", "10:00", x=1), said("A", "11:00", y=2), said("A", "12:00", x=1, y=2)], "+12:00"),
    "missing satisfies is_not": Case(
        "performed: {event: A, where: [{property: x, is_not: 1}]}", [said("A", "10:00", x=1), A11], "+11:00"),
    "missing satisfies not_in": Case(
        "performed: {event: A, where: [{property: x, not_in: [1, 2]}]}", [said("A", "10:00", x="2"), A11], "+11:00"),
    "null is missing": Case(
        "performed: {event: A, where: [{property: x, exists: false}]}",
        [said("A", "10:00", x=0), said("A", "11:00", x=None)], "+11:00"),
    "missing satisfies nothing else": Case(
        "performed: {event: A, where: [{property: x, lt: 5}]}", [A10, said("A", "11:00", x=None), said("A", "12:00", x=4)],
        "+12:00"),
    "relative to now, until it is no longer": Case(
        "performed: {event: A, where: [{property: due, within_next: 2h}]}", [said("A", "10:00", due="2026-03-01T13:00:00Z")],
        "+11:00:00.001 -13:00:00.001"),
    "relative to now, from then on": Case(
        "performed: {event: A, where: [{property: due, older_than: 1h}]}", [said("A", "10:00", due="2026-03-01T10:30:00Z")],
        "+11:30"),
    "relative to now and a window": Case(
        "performed: {event: A, within: 3h, where: [{property: due, within_last: 2h}]}",
        [said("A", "10:00", due="2026-03-01T12:00:00Z")], "+12:00 -13:00"),
}

COUNTS = {
    "within excludes its far end": Case("performed: {event: A, within: 3h}", [A10], "+10:00 -13:00"),
    "a renewal at the very end": Case("performed: {event: A, within: 3h}", [A10, said("A", "13:00")], "+10:00 -16:00"),
    "a renewal a millisecond late": Case(
        "performed: {event: A, within: 3h}", [A10, said("A", "13:00:00.001")], "+10:00 -13:00 +13:00:00.001 -16:00:00.001"),
    "a future event counts from its arrival": Case(
        "performed: {event: A, within: 3h}", [said("A", "12:00", at="10:00")], "+10:00 -13:00"),
    "late, inside its window": Case(
        "performed: {event: A, within: 3h}", [B10, said("A", "10:00", at="12:59:59.999")], "+12:59:59.999 -13:00"),
    "late, at the end of its window": Case("performed: {event: A, within: 3h}", [B10, said("A", "10:00", at="13:00")], ""),
    "late, joins two stretches": Case(
        "performed: {event: A, within: 2h, at_least: 2}", [A10, A12, said("A", "11:00", at="12:30")], "+12:30 -13:00"),
    "at_least 0 is always so": Case("performed: {event: A, at_least: 0}", [B10, A11], "+10:00"),
    "at_least 2": Case("performed: {event: A, at_least: 2}", [A10, A11, A12], "+11:00"),
    "at_most 0 is absence": Case("performed: {event: A, at_most: 0}", [B10, A11], "+10:00 -11:00"),
    "at_most 0 in a window": Case("performed: {event: A, at_most: 0, within: 2h}", [A10], "+12:00"),
    "at_most 1": Case("performed: {event: A, at_most: 1}", [A10, A11], "+10:00 -11:00"),
    "at_most 1 in a window": Case("performed: {event: A, at_most: 1, within: 2h}", [A10, A11], "+10:00 -11:00 +12:00"),
    "exactly 0": Case("performed: {event: A, exactly: 0}", [B10, A11], "+10:00 -11:00"),
    "exactly 2": Case("performed: {event: A, exactly: 2}", [A10, A11, A12], "+11:00 -12:00"),
    "exactly 1 in a window": Case(
        "performed: {event: A, exactly: 1, within: 2h}", [A10, A11], "+10:00 -11:00 +12:00 -13:00"),
    "between includes its start, not its end": Case(
        "performed: {event: A, between: ['2026-03-01T11:00:00Z', '2026-03-01T12:00:00Z'], at_least: 1}",
        [A10, A12, said("A", "11:00", at="12:30")], "+12:30"),
    "between, the last millisecond": Case(
        "performed: {event: A, between: ['2026-03-01T11:00:00Z', '2026-03-01T12:00:00Z']}", [said("A", "11:59:59.999")],
        "+11:59:59.999"),
    "between does not end by time": Case(
        "performed: {event: A, between: ['2026-03-01T11:00:00Z', '2026-03-01T12:00:00Z'], at_most: 0}", [B10, A11, A12],
        "+10:00 -11:00"),
    "after includes it": Case(
        "performed: {event: A, after: '2026-03-01T11:00:00Z'}", [said("A", "10:59:59.999"), A11], "+11:00"),
    "before excludes it": Case(
        "performed: {event: A, before: '2026-03-01T11:00:00Z'}", [A11, said("A", "10:59:59.999", at="12:00")], "+12:00"),
    "after with a zone": Case("performed: {event: A, after: '2026-03-01T12:00:00+01:00'}", [A10, A11], "+11:00"),
    "after without a zone is UTC": Case("performed: {event: A, after: '2026-03-01T11:00:00'}", [A10, A11], "+11:00"),
    "a day alone is its beginning": Case(
        "performed: {event: A, before: 2026-03-02}", [said("A", "23:59:59.999")], "+23:59:59.999"),
    "distinct counts values": Case(
        "performed: {event: A, distinct: c, at_least: 2}",
        [said("A", "10:00", c="x"), said("A", "10:30", c="x"), said("A", "11:00", c="y")], "+11:00"),
    "distinct: what is missing is no value": Case(
        "performed: {event: A, distinct: c, at_least: 2}", [said("A", "10:00", c="x"), A11, said("A", "12:00", c=None)], ""),
    "distinct: a number and its text are one": Case(
        "performed: {event: A, distinct: c, at_least: 2}",
        [said("A", "10:00", c=1), said("A", "11:00", c="1"), said("A", "12:00", c="")], "+12:00"),
    "distinct: texts by case": Case(
        "performed: {event: A, distinct: c, at_least: 2}", [said("A", "10:00", c="x"), said("A", "11:00", c="X")],
        "+11:00"),
    "distinct in a window": Case(
        "performed: {event: A, distinct: c, at_least: 2, within: 2h}",
        [said("A", "10:00", c="x"), said("A", "11:00", c="y"), said("A", "11:30", c="x")], "+11:00 -13:00"),
    "distinct, none": Case(
        "performed: {event: A, distinct: c, at_most: 0}", [A10, said("A", "11:00", c=False)], "+10:00 -11:00"),
    "a week": Case("performed: {event: A, within: 2w}", [A10], "+10:00 -15/10:00"),
    "seconds": Case("performed: {event: A, within: 90s}", [A10], "+10:00 -10:01:30"),
}
TABLES = {"whole": WHOLE, "names": NAMES, "properties": PROPERTIES, "counts": COUNTS}


@pytest.mark.parametrize("table", TABLES)
def test_as_the_text_says(table: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    cases = TABLES[table]
    found = outcomes(tmp_path_factory.mktemp(table), cases, HELPER)
    wrong = {name: f"{found[name]!r}, not {case.changes!r}" for name, case in cases.items() if found[name] != case.changes}
    assert not wrong


def test_random_is_a_share_and_stable(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A tenth of two thousand, the same people for the same salt whatever else they do, others for another salt."""
    rule = "kind: segment\nid: {0}\nrule: {{random: {{percent: 10, salt: {1}}}}}\n---\n"
    text = "".join(rule.format(name, salt) for name, salt in (("one", "x"), ("again", "x"), ("other", "y")))
    people = [said("A", "10:00") | {"userId": f"u{number}", "messageId": f"m{number}"} for number in range(2_000)]
    more = [said("B", "11:00") | {"userId": f"u{number}", "messageId": f"n{number}"} for number in range(2_000)]
    run = backtest(tmp_path_factory.mktemp("random"), [*people, *more], text)
    share = {name: {each["profile_id"] for each in run.profiles if name in each["segments"]}
             for name in ("one", "again", "other")}
    assert 140 < len(share["one"]) < 260
    assert share["one"] == share["again"] != share["other"]
    assert len(share["one"] & share["other"]) < 60
    assert {each["change"] for each in run.memberships} == {"entered"}
