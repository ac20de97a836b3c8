"""What is said to have caused a change of membership where identities change too."""
from __future__ import annotations

import pytest

from streams.testing import Pipeline

TEN = 1_700_000_000_000
HOUR = 3_600_000
ANY = {"segment/s": {"kind": "segment", "id": "s", "rule": {"performed": {"event": "A"}}}}


def send(pipeline: Pipeline, hour: int, event: str = "A", **who: str) -> None:
    at = TEN + hour * HOUR
    pipeline.send({"type": "track", "event": event, "timestamp": at, "receivedAt": at, "messageId": f"m{hour}", **who})


def causes(pipeline: Pipeline) -> list[tuple[str, str, list[str]]]:
    return [(line.change, line.cause, line.identifiers) for line in pipeline.memberships]


@pytest.mark.parametrize("partitions", [1, 4])
def test_who_takes_a_device_over_and_brings_the_event_enters_by_the_event(partitions: int) -> None:
    """Nobody was merged, and whoever passes merges over must not miss it."""
    pipeline = Pipeline(ANY, partitions)
    send(pipeline, 0, userId="u1", anonymousId="c")
    send(pipeline, 2, userId="u3", anonymousId="c")
    assert [line.change for line in pipeline.identity][-1] == "moved"
    assert causes(pipeline) == [("entered", "event", ["cookie:c", "customer_id:u1"]),
                                ("entered", "event", ["cookie:c", "customer_id:u3"])]


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize(("renewal", "expected"), [("A", []), ("B", [("exited", "time")])])
def test_a_merge_at_the_instant_at_which_a_membership_ends_leaves_the_end_to_time(
    partitions: int, renewal: str, expected: list[tuple[str, str]],
) -> None:
    """It was an exit by the merge, and an entry when another event of that instant renewed it."""
    rule = {"performed": {"event": "A", "within": "3h"}}
    pipeline = Pipeline({"segment/s": {"kind": "segment", "id": "s", "rule": rule}}, partitions)
    send(pipeline, 0, userId="u")
    send(pipeline, 1, event="B", anonymousId="c")
    send(pipeline, 3, event="B", userId="u", anonymousId="c")
    at = TEN + 3 * HOUR
    pipeline.send({"type": "track", "event": renewal, "timestamp": at, "messageId": "m", "userId": "u"}, at)
    pipeline.advance(by=HOUR)
    assert [line.change for line in pipeline.identity].count("merged") == 1
    assert [(line.change, line.cause) for line in pipeline.memberships if line.at == at] == expected


@pytest.mark.parametrize("partitions", [1, 4])
def test_who_enters_by_what_a_merge_brings_enters_by_merge(partitions: int) -> None:
    pipeline = Pipeline(ANY, partitions)
    send(pipeline, 0, event="B", userId="u")
    send(pipeline, 1, anonymousId="c")
    send(pipeline, 2, event="B", userId="u", anonymousId="c")
    assert causes(pipeline)[-1] == ("entered", "merge", ["cookie:c", "customer_id:u"])


@pytest.mark.parametrize("partitions", [1, 4])
def test_who_loses_several_devices_to_one_log_in_has_none_of_them_in_any_line(partitions: int) -> None:
    """They were taken one by one, and what was told in between named those that were still to go."""
    has = {f"segment/{name}": {"kind": "segment", "id": name, "rule": {"identifier": {"namespace": namespace}}}
           for name, namespace in (("cookie", "cookie"), ("device", "device_id"))}
    pipeline = Pipeline(has, partitions)
    send(pipeline, 0, userId="u1", anonymousId="c")
    pipeline.send({"type": "page", "userId": "u1", "timestamp": TEN + HOUR, "messageId": "d",
                   "context": {"device": {"id": "d"}}}, TEN + HOUR)
    pipeline.send({"type": "page", "userId": "u2", "anonymousId": "c", "timestamp": TEN + 2 * HOUR, "messageId": "m",
                   "context": {"device": {"id": "d"}}}, TEN + 2 * HOUR)
    assert [line.change for line in pipeline.identity][-2:] == ["moved", "moved"]
    lines = [(line.segment_id, line.change, line.identifiers) for line in pipeline.memberships if line.at == TEN + 2 * HOUR]
    both = ["cookie:c", "customer_id:u2", "device_id:d"]
    assert sorted(lines) == [("cookie", "entered", both), ("cookie", "exited", ["customer_id:u1"]),
                             ("device", "entered", both), ("device", "exited", ["customer_id:u1"])]


@pytest.mark.parametrize("partitions", [1, 4])
def test_the_later_events_of_all_devices_go_to_who_logged_in_before_them(partitions: int) -> None:
    pipeline = Pipeline({}, partitions)
    device = {"context": {"device": {"id": "d"}}}
    for hour, message in ((0, {"userId": "u1", "anonymousId": "c"}), (1, {"userId": "u1", **device}),
                          (3, {"anonymousId": "c"}), (4, device)):
        at = TEN + hour * HOUR
        pipeline.send({"type": "page", "timestamp": at, "messageId": f"m{hour}", **message}, at)
    pipeline.send({"type": "page", "userId": "u2", "anonymousId": "c", "timestamp": TEN + 2 * HOUR, "messageId": "late",
                   **device}, TEN + 5 * HOUR)
    counted = {who: sum(fragment.events for fragment in profile.fragments.values())
               for profile in pipeline.profiles() for who in profile.identifiers if who.startswith("customer_id:")}
    assert counted == {"customer_id:u1": 2, "customer_id:u2": 3}
