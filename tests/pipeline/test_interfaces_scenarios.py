"""What an outsider would try: scenes of shops, media and telephony, and odd pairs of features; the answers are derived from
INTERFACES sections 1 and 3, by hand."""
from __future__ import annotations

from pathlib import Path

from streams.core.values import Json
from tests.pipeline.tables import Case, Message, iso, known, outcomes, said

TRAITS = "".join(f"---\n{{kind: computed-trait, id: {name}, {rest}}}\n" for name, rest in {
    "calls-1h": "function: count, event: E, within: 1h",
    "mean-1h": "function: average, event: E, property: v, within: 1h",
    "first-1h": "function: first, event: E, property: v, within: 1h",
    "top-1h": "function: most_frequent, event: E, property: v, within: 1h",
    "last-1h": "function: last, event: E, property: v, within: 1h",
    "seen": "function: last_seen, event: E",
    "shown": "function: coalesce, of: [{trait: last-1h}, {trait: plan}]",
    "soon": "function: count, event: E, where: [{property: due, within_next: 2h}]",
    "till": "function: last, event: E, property: context.source.type",
}.items())


def of(*values: Json, every: int = 10) -> list[Message]:
    """Events E at ten o'clock and every so many minutes after."""
    return [said("E", f"10:{place * every:02d}", v=value) for place, value in enumerate(values)]


def page(time: str, **fields: Json) -> Message:
    return {"type": "page", "timestamp": iso(time), "receivedAt": iso(time), **fields}


RULES = {
    "a sum of what is due soon": Case(
        "aggregate: {event: E, function: sum, property: v, gte: 3, where: [{property: due, within_last: 2h}]}",
        [said("E", "10:00", v=1, due=iso("10:00")), said("E", "11:00", v=2, due=iso("11:00"))], "+11:00 -12:00"),
    "a count of what is due soon, as a trait": Case(
        "trait: {name: soon, gte: 1}", [said("E", "10:00", due=iso("13:00"))], "+11:00:00.001 -13:00:00.001"),
    "exactly one is due soon": Case(
        "performed: {event: E, exactly: 1, where: [{property: due, within_next: 1d}]}",
        [said("E", "10:00", due=iso("3/10:00")), said("E", "10:00", due=iso("3/22:00"))],
        "+2/10:00:00.001 -2/22:00:00.001 +3/10:00:00.001 -3/22:00:00.001"),
    "the newest that is recent stands until it is not": Case(
        "last_performed: {event: E, where: [{property: due, within_last: 2h}], where_last: [{property: v, is: 1}]}",
        [said("E", "10:00", v=1, due=iso("10:00")), said("E", "10:10", v=2, due=iso("9:00"))],
        "+10:00 -10:10 +11:00 -12:00"),
    "a wait that something ends only for a time": Case(
        "sequence: {steps: [{event: A}, {event: B}], within: 1d, "
        "then_not: {event: E, where: [{property: due, within_last: 2h}]}}",
        [said("A", "10:00"), said("B", "10:01"), said("E", "10:10", due=iso("10:00"))], "+10:01 -10:10 +12:00"),
    "a wait for any event, which a group is not": Case(
        "sequence: {steps: [{event: A}, {event: B}], within: 1h, then_not: {for: 30m}}",
        [said("A", "10:00"), said("B", "10:01"), page("10:10", type="group", groupId="g")], "+10:31"),
    "a first step told late, before two last ones": Case(
        "sequence: {steps: [{event: A}, {event: B}], within: 1h, completed_within: 2h}",
        [said("B", "10:10"), said("B", "10:40"), said("A", "10:05", "10:50")], "+10:50 -12:40"),
    "no count for a day": Case(
        "trait: {name: calls-1h, is: 0, for: 1d}", [said("X", "9:00"), said("E", "10:00"), said("X", "12:00")], "+2/11:00"),
    "twice in an hour for ten minutes, and never thrice": Case(
        "all: [{trait: {name: calls-1h, gte: 2, for: 10m}}, {not: {trait: {name: calls-1h, gte: 3}}}]",
        [said("E", "10:00"), said("E", "10:01"), said("E", "10:20")], "+10:11 -10:20 +11:00 -11:01"),
    "a mean that slides": Case("trait: {name: mean-1h, gt: 5}", of(2, 10), "+10:10 -11:10"),
    "a first that slides": Case("trait: {name: first-1h, is: b}", of("a", "b"), "+11:00 -11:10"),
    "the most frequent, when a tie goes to the smallest": Case(
        "trait: {name: top-1h, is: a}", of("a", "a", "b"), "+10:00 -11:10"),
    "a lapse, as a trait": Case(
        "trait: {name: seen, older_than: 2h}", [said("E", "10:00"), said("E", "11:00"), said("E", "15:00")],
        "+13:00 -15:00 +17:00"),
    "what stands in when a value has aged": Case(
        "trait: {name: shown, is: free}", [known("10:00", plan="free"), said("E", "10:01", v="x")], "+10:00 -10:01 +11:01"),
    "a trait of the context": Case(
        "trait: {name: till, is: pos}", [said("E", "10:00", context={"source": {"type": "pos"}})], "+10:00"),
    "distinct places of the context": Case(
        "performed: {event: E, distinct: context.source.type, at_least: 2}",
        [said("E", f"10:0{place}", context={"source": {"type": kind}}) for place, kind in enumerate(("web", "web", "pos"))],
        "+10:02"),
    "the context is that of any event but a group": Case(
        "performed: {at_least: 2, where: [{property: context.locale, is: nl-NL}]}",
        [page("10:00", context={"locale": "nl-NL"}), page("10:01", type="group", groupId="g", context={"locale": "nl-NL"}),
         said("X", "10:02", context={"locale": "nl-NL"})], "+10:02"),
    "exactly two different, as a third comes and a first goes": Case(
        "performed: {event: E, distinct: v, exactly: 2, within: 1h}", of(1, 2, 3), "+10:10 -10:20 +11:00 -11:10"),
    "different values of every kind": Case(
        "performed: {event: E, distinct: v, at_least: 4}",
        [*of(1, 1.0, "1.00", True, {"a": 1, "b": 2}, {"b": 2, "a": 1}, every=9), said("E", "11:00", v="")], "+11:00"),
    "either without the other": Case(
        "any: [{all: [{performed: {event: A}}, {not: {performed: {event: B}}}]}, "
        "{all: [{performed: {event: B}}, {not: {performed: {event: A}}}]}]",
        [said("A", "10:00"), said("B", "11:00")], "+10:00 -11:00"),
    "telephony: dropped calls at the edge of a contract": Case(
        "all: [{trait: {name: contract_end, within_next: 30d}}, "
        "{performed: {event: Call Dropped, within: 7d, at_least: 2}}]",
        [known("1:00", contract_end="2026-04-09"), said("Call Dropped", "3/1:00"), said("Call Dropped", "4/1:00"),
         said("Call Dropped", "9/1:00")], "+10/00:00:00.001 -11/01:00"),
    "telephony: complaints by pattern": Case(
        "all: [{performed: {event: Call Dropped, within: 1d, at_least: 3}}, "
        "{not: {performed: {event: Complaint*, within: 1w}}}]",
        [*(said("Call Dropped", f"{hour}:00") for hour in range(3)), said("Complaint Filed", "5:00"),
         *(said("Call Dropped", f"9/{hour}:00") for hour in range(3))], "+02:00 -05:00 +9/02:00 -10/00:00"),
    "media: two finished, and the last one not skipped": Case(
        "all: [{performed: {event: Finished, distinct: id, at_least: 2, within: 2d}}, "
        "{last_performed: {event: [Finished, Skipped], where_last: [{property: percent, gte: 90}]}}]",
        [said("Finished", "0:00", id="a", percent=100), said("Finished", "1:00", id="b", percent="95"),
         said("Skipped", "2:00", id="c", percent=3), said("Finished", "3:00", id="a", percent=90)],
        "+01:00 -02:00 +03:00 -3/01:00"),
    "a shop: orders over ten, in two currencies, exactly two": Case(
        "performed: {event: Order *, within: 1d, exactly: 2, "
        "where: [{property: total, gt: '10'}, {property: currency, in: [EUR, USD]}]}",
        [said("Order Placed", "0:00", total=11, currency="EUR"), said("Order Paid", "1:00", total="12", currency="USD"),
         said("Order Paid", "2:00", total=13, currency="GBP"), said("Order Paid", "3:00", total=13, currency="EUR")],
        "+01:00 -03:00 +2/00:00 -2/01:00"),
    "a shop: a cart that is filled again after the order": Case(
        "sequence: {steps: [{event: Page Viewed}, {event: Filled}], within: 1d, then_not: {event: Ordered, for: 30m}}",
        [page("10:00"), said("Filled", "10:01"), said("Ordered", "10:20"), said("Filled", "10:40"),
         said("Ordered", "13:00")], "+11:10 -13:00"),
}


def test_every_scene_changes_as_derived(tmp_path: Path) -> None:
    assert outcomes(tmp_path, RULES, TRAITS) == {name: case.changes for name, case in RULES.items()}
