"""INTERFACES section 3: comparisons of values, as traits and as properties alike; computed traits. Derived from the text."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.tables import backtest, iso, known, said

NOW = "2026-03-01T12:00:00Z"
"""When everything is asked. A value of None is a missing one."""
AT_NOON = 1_772_366_400_000

COMPARISONS: dict[str, tuple[list[object], list[object]]] = {
    "is: x": (["x"], ["X", "x ", "", None, ["x"], {"x": "x"}, 0, True]),
    "is: 5": ([5, 5.0, "5", "5.0", "05", "+5", "5e0"], ["five", "5x", "", None, True, [5], 5.5]),
    "is: '5'": ([5, 5.0, "5"], ["5 apples", None]),
    "is: 0": ([0, "0", -0.0], [False, "", None]),
    "is: 1": ([1, "1"], [True, "true"]),
    "is: true": ([True], ["true", 1, "1", False, None]),
    "is: 'true'": (["true"], [True, 1]),
    "is: false": ([False], [0, "", "false", None]),
    "is: ''": ([""], [None, " ", 0, False]),
    "is: NO": (["NO"], [False, "no"]),
    "is: [a, 1]": ([["a", 1], ["a", "1"], ["a", 1.0]], [[1, "a"], ["a"], ["a", 1, 1], "a", 1, "[a, 1]", {}, None]),
    "is: []": ([[]], [[None], "", {}, None, False]),
    "is_not: [a]": ([None, "a", ["b"], []], [["a"]]),
    "is_not: x": ([None, "X", "", 5, ["x"], True], ["x"]),
    "is_not: 5": ([None, "x", 6, True], [5, "5", 5.0]),
    "in: [NL, BE]": (["NL", "BE"], ["nl", "DE", None, "", ["NL"]]),
    "in: [1, 2]": ([1, "2", 1.0], [3, True, None]),
    "in: [x, 1, true]": (["x", "1", True], ["true", 0, None]),
    "not_in: [NL, BE]": ([None, "DE", "nl", 7, ["NL"]], ["NL", "BE"]),
    "not_in: [1, 2]": ([None, "3", True], [1, "2", 2.0]),
    "gt: 5": ([6, "6", 5.1, "10", "1e1"], [5, "5", 4, "x", "", None, True, [6]]),
    "gte: 5": ([5, "5.0", 6], [4.99, None, "abc", False]),
    "lt: 5": ([4, "4", -1, "-1", 0, "0"], [5, 6, "x", "", None, False, [1]]),
    "lte: 5": ([5, "5", 4], [5.01, None, "one"]),
    "gt: '5'": ([6, "6", "10"], ["5", 4, None]),
    "contains: an": (["banana", "an"], ["BANANA", "", None, 5, ["an"], ["banana"], True]),
    "contains: '1'": (["a1"], [1, 10, None]),
    "starts_with: ba": (["banana", "ba"], ["Banana", "aba", None, ["ba"]]),
    "ends_with: na": (["banana"], ["nab", None, 5]),
    "matches: 'n[ao]n'": (["banana", "nonsense"], ["nun", "NAN", "", None, 5]),
    "matches: '^b.*a$'": (["banana", "ba"], ["abba b", "b\na"]),
    "matches: '(?i)BAN'": (["banana"], ["bbn"]),
    "exists: true": (["", 0, False, [], {}, "x"], [None]),
    "exists: false": ([None], ["", 0, False, []]),
    "includes: x": ([["x"], ["y", "x"]], ["x", "xy", ["X"], [["x"]], [], {"x": 1}, None]),
    "includes: 1": ([[1], ["1"], [2, 1.0]], [[True], [11], 1, None]),
    "before: '2026-03-01T12:00:00Z'": (
        ["2026-03-01T11:59:59.999Z", "2026-03-01", "2026-03-01T12:59:59+01:00", AT_NOON - 1, str(AT_NOON - 1), 0],
        ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00+01:00", AT_NOON, "soon", "", True, None, []]),
    "after: '2026-03-01T12:00:00Z'": (
        ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00+01:00", AT_NOON, "2026-03-02", "2026-03-01T12:00:00"],
        ["2026-03-01T11:59:59.999Z", "later", None, False, AT_NOON - 1]),
    "within_last: 1h": (
        ["2026-03-01T11:00:00.001Z", NOW, AT_NOON],
        ["2026-03-01T11:00:00Z", "2026-03-01T12:00:00.001Z", "then", None, True]),
    "older_than: 1h": (["2026-03-01T11:00:00Z", "2020-01-01", 0],
                       ["2026-03-01T11:00:00.001Z", NOW, "2027-01-01", "x", None]),
    "within_next: 1h": (
        [NOW, "2026-03-01T12:59:59.999Z", "2026-03-01T13:59:59.999+01:00"],
        ["2026-03-01T11:59:59.999Z", "2026-03-01T13:00:00Z", "x", None]),
}


def test_comparisons_of_traits_and_properties(tmp_path_factory: pytest.TempPathFactory) -> None:
    asked = [(comparison, value, wanted) for comparison, (so, not_so) in COMPARISONS.items()
             for wanted, values in ((True, so), (False, not_so)) for value in values]
    text = "".join(
        f"---\n{{kind: segment, id: {kind}{number}, rule: {{{node}{comparison}{end}}}}}\n"
        for number, comparison in enumerate(COMPARISONS) for kind, node, end in (
            ("t", "trait: {name: v, ", "}"), ("p", "performed: {event: A, where: [{property: v, ", "}]}"),
            ("l", "last_performed: {event: A, where_last: [{property: v, ", "}]}")))
    place = {comparison: number for number, comparison in enumerate(COMPARISONS)}
    messages = []
    for number, (_, value, _) in enumerate(asked):
        whose = {"userId": f"u{number}"}
        given = {} if value is None else {"v": value}
        messages += [known("11:59", **given) | whose | {"messageId": f"t{number}"},
                     said("A", "12:00", **given) | whose | {"messageId": f"p{number}"}]
    run = backtest(tmp_path_factory.mktemp("values"), messages, text, until=NOW)
    wrong = []
    for number, (comparison, value, wanted) in enumerate(asked):
        inside = run.profile(f"customer_id:u{number}")["segments"]
        wrong += [f"{kind} {value!r} {comparison}: {not wanted}" for kind in "tpl"
                  if (f"{kind}{place[comparison]}" in inside) is not wanted]
    assert not wrong


HISTORY = [
    said("O", "10:00", v=10, c="b", l=[1]), said("O", "10:30", v="2.5", c="a"),
    said("O", "11:00", v=7.5, c="b", extra={"k": 1}),
    said("O", "11:30", c="a", v=None), said("X", "11:40", v=100), known("11:45", plan="pro", address={"city": "Ghent"}),
    said("O", "09:00", at="11:50", v=1, c="z"),
]
COMPUTED: dict[str, tuple[str, object]] = {
    "count": ("function: count, event: O", 5),
    "count of nothing": ("function: count, event: Nothing", 0),
    "count of anything": ("function: count", 7),
    "count where": ("function: count, event: O, where: [{property: v, gte: 5}]", 2),
    "count in a window": ("function: count, event: O, within: 90m", 2),
    "count of several": ("function: count, event: [O, X]", 6),
    "count of a pattern": ("function: count, event: '*'", 7),
    "sum": ("function: sum, event: O, property: v", 21),
    "sum in a window": ("function: sum, event: O, property: v, within: 2h", 10),
    "sum of nothing": ("function: sum, event: Nothing, property: v", None),
    "average": ("function: average, event: O, property: v", 5.25),
    "min": ("function: min, event: O, property: v", 1),
    "max": ("function: max, event: O, property: v", 10),
    "max of nothing": ("function: max, event: Nothing, property: v", None),
    "first": ("function: first, event: O, property: c", "z"),
    "last": ("function: last, event: O, property: c", "a"),
    "last present": ("function: last, event: O, property: v", 7.5),
    "first whole": ("function: first, event: O", {"v": 1, "c": "z"}),
    "last whole": ("function: last, event: O", {"c": "a", "v": None}),
    "last of nothing": ("function: last, event: Nothing", None),
    "most frequent": ("function: most_frequent, event: O, property: c", "a"),
    "distinct count": ("function: distinct_count, event: O, property: c", 3),
    "distinct count of nothing": ("function: distinct_count, event: Nothing, property: c", 0),
    "first seen": ("function: first_seen, event: O", "2026-03-01T09:00:00.000Z"),
    "last seen": ("function: last_seen, event: O", "2026-03-01T11:30:00.000Z"),
    "last seen in a window": ("function: last_seen, event: O, within: 15m", None),
    "list": ("function: list, event: O, limit: 2", [
        {"event": "O", "event_time": "2026-03-01T11:30:00.000Z", "properties": {"c": "a", "v": None}},
        {"event": "O", "event_time": "2026-03-01T11:00:00.000Z", "properties": {"v": 7.5, "c": "b", "extra": {"k": 1}}}]),
    "list of nothing": ("function: list, event: Nothing", None),
    "coalesce": ("function: coalesce, of: [{trait: nowhere}, {event: O, property: extra.k}, {trait: plan}]", 1),
    "coalesce of a trait inside": ("function: coalesce, of: [{trait: address.city}, {event: O, property: c}]", "Ghent"),
    "coalesce of nothing": ("function: coalesce, of: [{trait: nowhere}, {event: Nothing, property: c}]", None),
    "nested property": ("function: last, event: O, property: extra.k", 1),
    "identified": ("function: last, event: Identified, property: plan", "pro"),
}
DISTINCT = ("function: distinct, event: O, property: c", ["a", "b", "z"])


def test_computed_traits(tmp_path_factory: pytest.TempPathFactory) -> None:
    asked = {**COMPUTED, "distinct": DISTINCT}
    text = "".join(f"---\n{{kind: computed-trait, id: c{number}, {body}}}\n"
                   for number, (body, _) in enumerate(asked.values()))
    messages = [message | {"userId": "u", "messageId": f"m{number}"} for number, message in enumerate(HISTORY)]
    traits = backtest(tmp_path_factory.mktemp("computed"), messages, text, until=NOW).profile("customer_id:u")["traits"]
    found = {name: traits.get(f"c{number}") for number, name in enumerate(asked)}
    found["distinct"] = sorted(found["distinct"])
    assert found == {name: value for name, (_, value) in asked.items()}


def test_traits_as_they_are_set(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One top-level key at a time, the later event time winning, equal: the later arrival; null removes, "" does not."""
    messages = [
        known("10:00", a=1, b=1, c="x", d={"x": 1, "y": 2}, e=5), known("11:00", a=2, b=None, c="", d={"x": 3}),
        known("10:30", at="11:30", a=3, e=6, f=7), known("10:30", at="11:40", e=8),
        said("A", "11:50", context={"traits": {"a": 9, "g": 9}}),
        {"type": "group", "groupId": "g1", "traits": {"size": 3}, "timestamp": "2026-03-01T11:55:00Z"}]
    messages = [message | {"userId": "u", "messageId": f"m{number}"} for number, message in enumerate(messages)]
    profile = backtest(tmp_path_factory.mktemp("traits"), messages, "kind: segment\nid: s\nrule: {everyone: {}}", until=NOW)
    assert profile.profile("customer_id:u")["traits"] == {
        "a": 2, "c": "", "d": {"x": 3}, "e": 8, "f": 7, "group_id": "g1", "group": {"size": 3}}


def group(time: str, at: str = "", **traits: object) -> dict[str, object]:
    return {"type": "group", "groupId": "g", "timestamp": iso(time), "receivedAt": iso(at or time), "traits": traits}


def test_traits_of_groups_are_set_one_at_a_time_as_those_of_people_are(tmp_path_factory: pytest.TempPathFactory) -> None:
    messages = [group("10:00", plan="pro", seats=5, site={"city": "Ghent", "floor": 1}, old=1),
                group("11:00", plan="free", old=None), group("10:30", at="11:30", seats=6, plan="late")]
    rules = {"plan": "name: group.plan, is: free", "seats": "name: group.seats, is: 6, for: 13h",
             "city": "name: group.site.city, is: Ghent", "old": "name: group.old, exists: false",
             "whole": "name: group, exists: true"}
    text = "".join(f"---\n{{kind: segment, id: {name}, rule: {{trait: {{{rule}}}}}}}\n" for name, rule in rules.items())
    messages = [message | {"userId": "u", "messageId": f"m{number}"} for number, message in enumerate(messages)]
    run = backtest(tmp_path_factory.mktemp("groups"), messages, text, until="2026-03-02T00:00:00Z")
    profile = run.profile("customer_id:u")
    assert profile["traits"] == {
        "group_id": "g", "group": {"plan": "free", "seats": 6, "site": {"city": "Ghent", "floor": 1}}}
    assert profile["segments"] == sorted(rules)
    assert run.changes("seats", "customer_id:u") == "+23:30"


@pytest.mark.parametrize(("second", "left"), [
    ({}, {"group_id": "g"}), ({"groupId": None}, {}), ({"groupId": "h"}, {"group_id": "h"})])
def test_a_group_message_that_names_no_group_leaves_the_one_there_is_and_null_removes_it(
    tmp_path: Path, second: dict[str, object], left: dict[str, object],
) -> None:
    unnamed = {name: value for name, value in group("11:00", size=3).items() if name != "groupId"}
    run = backtest(tmp_path, [group("10:00") | {"userId": "u"}, unnamed | {"userId": "u"} | second], "")
    assert run.profile("customer_id:u")["traits"] == {"group": {"size": 3}} | left
