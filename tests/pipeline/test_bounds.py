"""Nobody can make a profile larger than a record holds, in whatever way (L10): what is too much goes, and that is told."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from schemas.codec import Codec
from streams.core import bounds
from streams.core.handover import CHUNK
from streams.core.messages import Adopt
from streams.core.outputs import ProfileSeen
from streams.core.profile import Profile
from streams.core.tables import PORTION
from streams.task import task as task_module
from streams.task import working
from streams.task.outputs import AvroSink
from streams.task.rows import PROFILE, size_of
from streams.testing import Pipeline
from streams.unit import TABLES, Inbound
from tests.pipeline.test_campaigns import Person, campaign, world

Message = dict[str, Any]
NOW = 1_700_000_000_000
SMALL = 40_000
"""The bound of these tests, in bytes."""
COMPUTED = {f"computed-trait/{function}": {
    "kind": "computed-trait", "id": function, "function": function, "event": "A", "property": "value"}
    for function in ("distinct", "distinct_count", "most_frequent", "first", "last")}
COMPUTED |= {"computed-trait/list": {"kind": "computed-trait", "id": "list", "function": "list", "event": "A"}}
RULES = {"segment/paid": {"kind": "segment", "id": "paid", "rule": {"trait": {"name": "plan", "is": "paid", "for": "1h"}}},
         "segment/asked": {"kind": "segment", "id": "asked", "rule": {"consent": {"purpose": "asked", "state": "denied"}}}}
LONG = "x" * 900


def identify(traits: Message, **more: Any) -> Message:
    return {"type": "identify", "anonymousId": "c", "traits": traits, **more}


def consent(purposes: dict[str, bool]) -> Message:
    return {"type": "page", "anonymousId": "c", "context": {"consent": {"purposes": purposes}}}


WAYS: dict[str, Callable[[int], Message]] = {
    "names of traits": lambda n: identify({f"trait-{n}-{each}": each for each in range(30)}),
    "values of traits": lambda n: identify({f"t{n % 50}": LONG + str(n)}),
    "one value": lambda n: identify({"t": LONG * (n + 1)}),
    "group traits": lambda n: {"type": "group", "anonymousId": "c", "groupId": "g", "traits": {f"g{n}": LONG}},
    "purposes": lambda n: consent({f"p-{n}-{each}": each % 2 == 0 for each in range(30)}),
    "sources": lambda n: identify({f"k{n}-{each}": 1 for each in range(30)}, context={"source": {"name": "s" * 8_000}}),
    "settings of a trait": lambda n: identify({"plan": LONG + str(n)}),
    "values of a property": lambda n: {"type": "track", "anonymousId": "c", "event": "A",
                                       "properties": {"value": LONG + str(n)}},
    "identifiers that stay others'": lambda n: identify({}, userId="u", context={
        "externalIds": [{"type": "k", "id": f"{n}-{each}-{LONG[:400]}"} for each in range(8)]}),
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LARGEST", SMALL)
    monkeypatch.setattr(bounds, "AFTERWARDS", SMALL * 3 // 4)


def largest(pipeline: Pipeline) -> int:
    rows = [PROFILE.decode(data) for store in pipeline.stores for _, data in store.scan("profiles", b"", b"\xff", 1 << 30)]
    return max(size_of(row) for row in rows if isinstance(row, Profile))


def curtailed(pipeline: Pipeline) -> list[Message]:
    return [orjson.loads(record.value or b"") for record, reason in pipeline.rejected if "were dropped" in reason]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("way", WAYS)
def test_l10_however_a_profile_is_flooded_it_stays_small_and_that_is_told(way: str) -> None:
    pipeline, sizes = Pipeline(RULES | COMPUTED), []
    pipeline.send(consent({"asked": False}), NOW)
    for number in range(200):
        pipeline.send(WAYS[way](number) | {"messageId": f"m{number}"}, NOW + number)
        sizes.append(largest(pipeline))
    assert max(sizes) <= SMALL < max(sizes) * 2
    assert curtailed(pipeline)
    profile = pipeline.profile("cookie:c")
    assert profile is not None and profile["events"] == 201
    assert pipeline.members("asked"), "what definitions name of consent stays"


@pytest.mark.parametrize("way", WAYS)
def test_the_weight_of_a_profile_is_never_less_than_its_row(way: str) -> None:
    """Every trait, purpose and identifier keeps times and its source beside what was said."""
    pipeline = Pipeline(RULES | COMPUTED)
    for number in range(30):
        message = WAYS[way](number) | {"messageId": f"m{number}"}
        source = {"source": {"type": "web", "name": "s" * 150}}
        pipeline.send(message | {"context": message.get("context", {}) | source}, NOW + number)
        [profile] = pipeline.profiles()
        assert size_of(profile) <= profile.weight


@pytest.mark.usefixtures("small")
def test_what_a_cut_brings_back_from_the_events_is_dropped_again() -> None:
    """A device that another takes over in the middle: both parts are folded anew, from all that they ever said."""
    pipeline = Pipeline(RULES, partitions=2)
    pipeline.send(identify({}, userId="u1", messageId="first"), NOW)
    for number in range(200):
        pipeline.send(identify({f"t{number}": LONG}, messageId=f"m{number}", timestamp=NOW + number), NOW + number)
    middle = {"timestamp": NOW + 100, "userId": "u2", "messageId": "second"}
    pipeline.send(identify({}, **middle), NOW + 300)
    assert [line.change for line in pipeline.identity][-1] == "moved"
    assert largest(pipeline) <= SMALL


def test_what_the_weight_did_not_foresee_is_dropped_when_it_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "add", lambda *_: False)
    monkeypatch.setattr(bounds, "LARGEST", SMALL)
    monkeypatch.setattr(bounds, "AFTERWARDS", SMALL * 3 // 4)
    monkeypatch.setattr(task_module, "LARGEST", SMALL)
    rule = {"trait": {"name": "essay", "exists": True}}
    pipeline = Pipeline({"segment/s": {"kind": "segment", "id": "s", "rule": rule}})
    pipeline.send(identify({"essay": LONG * 3}), NOW)
    for number in range(60):
        pipeline.send(identify({f"t{number}": LONG}), NOW + 1 + number)
        assert largest(pipeline) <= SMALL
    assert curtailed(pipeline) and not pipeline.members("s")
    assert [each.change for each in pipeline.memberships] == ["entered", "exited"]


def test_l1_who_is_made_smaller_when_stored_keeps_what_this_unit_did(monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than stay at hand: they are let go with the same call that finds one too large."""
    monkeypatch.setattr(bounds, "add", lambda *_: False)
    monkeypatch.setattr(bounds, "LARGEST", SMALL)
    monkeypatch.setattr(bounds, "AFTERWARDS", SMALL * 3 // 4)
    monkeypatch.setattr(task_module, "LARGEST", SMALL)
    monkeypatch.setattr(working, "CAPACITY", 4)
    pipeline = Pipeline({}, partitions=1, start=NOW)
    for number in range(60):
        others = ({"type": "page", "anonymousId": f"other-{each}"} for each in range(5))
        for message in (identify({f"t{number}": LONG}), *others):
            value = orjson.dumps(message | {"messageId": f"m{number}"})
            pipeline._waiting[0].append(Inbound("events.hits", 0, 0, None, value, NOW))
        pipeline._drain()
        assert (pipeline.profile("cookie:c") or {})["events"] == number + 1
    assert curtailed(pipeline) and largest(pipeline) <= SMALL
    assert pipeline.tasks[0].standing().profiles == 6


def test_l10_a_long_message_id_is_not_kept_with_each_segment() -> None:
    """A megabyte in every membership was a row that no record holds, and each worker that took the task ended."""
    rules = {f"segment/s{n}": {"kind": "segment", "id": f"s{n}", "rule": {"not": {"performed": {"event": f"Bought {n}"}}}}
             for n in range(12)}
    pipeline = Pipeline(rules, partitions=1)
    long = {"type": "track", "event": "A", "anonymousId": "c", "messageId": "x" * 900_000}
    for message in (long, long, long | {"messageId": "x" * 900_001}, long | {"messageId": "x" * 200}):
        pipeline.send(message, NOW)
    assert largest(pipeline) < 10_000 and (pipeline.profile("cookie:c") or {})["events"] == 3, "one was a copy"
    assert len({change.because for change in pipeline.memberships}) == 12 and not pipeline.rejected


def test_l10_a_long_name_of_an_event_is_not_kept_with_each_message_that_waits() -> None:
    quiet = {"quiet_hours": {"from": "00:00", "to": "23:59", "time_zone": "UTC"}, "trigger": {"each": "*"}}
    pipeline = world(campaign("c", **quiet), rule={"everyone": {}}, partitions=1)
    person = Person(pipeline)
    person.becomes(fan=True)
    for number in range(50):
        person.says(event=f"{number} {LONG * 100}")
    assert largest(pipeline) < 50_000
    assert len(pipeline.profiles()[0].held) == 50


@pytest.mark.usefixtures("small")
def test_what_was_dropped_is_judged_at_once() -> None:
    rule = {"trait": {"name": "essay", "exists": True}}
    pipeline = Pipeline({"segment/s": {"kind": "segment", "id": "s", "rule": rule}})
    pipeline.send(identify({"essay": LONG * 3}), NOW)
    assert pipeline.members("s")
    for number in range(60):
        pipeline.send(identify({f"t{number}": LONG}), NOW + 1 + number)
    assert not pipeline.members("s")
    assert [(each.change, each.cause) for each in pipeline.memberships] == [("entered", "event"), ("exited", "event")]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("partitions", [1, 4])
def test_many_large_ones_that_become_one_person_stay_small(partitions: int) -> None:
    pipeline = Pipeline(RULES | COMPUTED, partitions)
    for cookie in range(12):
        for number in range(25):
            pipeline.send(identify({f"t{cookie}-{number}": LONG}) | {"anonymousId": f"c{cookie}"}, NOW + cookie)
        pipeline.send(identify({}, userId="u") | {"anonymousId": f"c{cookie}"}, NOW + 100 + cookie)
        assert largest(pipeline) <= SMALL
    assert curtailed(pipeline)


@pytest.mark.usefixtures("small")
def test_a_new_definition_does_not_bring_it_all_back() -> None:
    pipeline = Pipeline({})
    for number in range(200):
        pipeline.send(WAYS["values of a property"](number) | {"messageId": f"m{number}"}, NOW + number)
    assert not curtailed(pipeline)
    pipeline.apply(COMPUTED)
    assert largest(pipeline) <= SMALL and curtailed(pipeline)


def test_of_usual_profiles_nothing_is_dropped_however_many_events_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weight is a bound, and measured anew where it is more than is allowed."""
    monkeypatch.setattr(bounds, "LARGEST", 20_000)
    pipeline = Pipeline(RULES | COMPUTED)
    for number in range(300):
        pipeline.send({"type": "track", "anonymousId": "c", "event": "A", "properties": {"value": number % 7}}, NOW + number)
    assert not pipeline.rejected and pipeline.profile("cookie:c")["traits"]["distinct_count"] == 7  # type: ignore[index]


def test_events_of_a_profile_are_stored_and_handed_over_in_records_that_kafka_takes() -> None:
    """Twenty of 600 KB in one unit of work were one row of 12 MB."""
    pipeline = Pipeline({}, partitions=4)
    size = PORTION * 6 // 10
    for cookie in ("c", "d"):
        for number in range(6):
            pipeline.send({"type": "track", "event": "A", "anonymousId": cookie, "properties": {"x": "y" * size},
                           "messageId": f"{cookie}{number}"}, NOW)
    sent: list[Adopt] = []
    for task in pipeline.tasks:
        handle = task._handle_here
        task._handle_here = lambda message, handle=handle: (  # type: ignore[method-assign,misc]
            sent.append(message) if isinstance(message, Adopt) else None, handle(message))[1]
    for cookie in ("c", "d"):
        pipeline.send(identify({}, userId="u") | {"anonymousId": cookie}, NOW + 1)
    assert sum(len(each.entries) for each in sent) >= 6
    assert all(len(each.entries) <= CHUNK and sum(len(e.raw) for e in each.entries) < 2 * PORTION for each in sent)
    rows = [data for store in pipeline.stores for table in TABLES for _, data in store.scan(table, b"", b"\xff", 1 << 30)]
    assert max(map(len, rows)) < 2 * PORTION


def test_a_360_view_is_no_larger_than_a_record_though_json_is_longer_than_what_is_stored() -> None:
    pipeline = Pipeline({}, partitions=1)
    for number in range(5):
        pipeline.send(identify({f"t{number}": "\x01" * 170_000, "plan": "paid"}), NOW + number)
    [seen] = [ProfileSeen(profile) for profile in pipeline.profiles()]
    [record] = AvroSink(Codec(), "test").records([seen], pipeline.plan, pipeline.now)
    assert len(record.value or b"") < bounds.LARGEST
    traits = orjson.loads(Codec().decode("profile", record.value or b"")["traits"])
    assert traits["plan"] == "paid" and len(traits) == 2 + 1


@pytest.mark.timeout(30)
def test_a_360_view_of_very_many_traits_and_purposes_is_made_in_a_moment() -> None:
    """With sizes taken anew for each that was left out it took minutes, and its task was stuck."""
    pipeline = Pipeline({}, partitions=1)
    for number in range(12):
        names = [f"{number}-{each}" for each in range(2_000)]
        purposes = {f"{name}-" + "\x01" * 60: True for name in names[:1_000]}
        message = identify(dict.fromkeys(names, "\x01" * 50), context={"consent": {"purposes": purposes}})
        pipeline.send(message | {"messageId": f"m{number}"}, NOW + number)
    [seen] = [ProfileSeen(profile) for profile in pipeline.profiles()]
    [record] = AvroSink(Codec(), "test").records([seen], pipeline.plan, pipeline.now)
    assert len(record.value or b"") < bounds.LARGEST + 10_000


def test_l10_what_is_split_off_keeps_its_own_identifiers_however_little_may_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = Pipeline({}, partitions=1)
    both: Message = {"type": "page", "anonymousId": "c", "context": {"device": {"id": "d"}}}
    for number, message in enumerate((both | {"userId": "u"}, both)):
        pipeline.send(message, NOW + number)
    with monkeypatch.context() as patch:
        patch.setattr(bounds, "LARGEST", 1)
        patch.setattr(bounds, "AFTERWARDS", 1)
        pipeline.split("customer_id:u", "device_id:d", "cookie:c")
    seen = {profile.key.partition("\0")[0]: [sorted(each.identifiers) for each in profile.fragments.values()]
            for profile in pipeline.profiles()}
    assert seen == {"customer_id:u": [["customer_id:u"]], "device_id:d": [["cookie:c", "device_id:d"]]}
