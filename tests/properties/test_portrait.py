"""What `profile show` computes, against a brute force over everything that was sent."""
from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.profile import Profile
from streams.task.portrait import portrait
from streams.testing import Pipeline
from tests.oracle import messages
from tests.pipeline.worlds import people, run
from tests.strategies import LIMITS_TIGHT, histories

Message = dict[str, Any]
HALF_HOUR = 1_800_000
PLATFORMS = ("web", "app", "pos", "ad_server", "crm", None)
LATE = (0, 1, 1_000, HALF_HOUR - 1, HALF_HOUR, HALF_HOUR + 1)


@st.composite
def visits(draw: st.DrawFn) -> list[Message]:
    """Histories of several platforms whose events lie about half an hour apart, late ones and copies among them."""
    changed: dict[str, Message] = {}
    found = []
    for message in draw(histories()):
        known = changed.get(message["messageId"])
        if known is None:
            source = {"source": {"type": draw(st.sampled_from(PLATFORMS))}}
            known = message | {"context": message.get("context", {}) | source,
                               "timestamp": message["timestamp"] - draw(st.sampled_from(LATE))}
            changed[message["messageId"]] = known
        found.append(known | {"receivedAt": message["receivedAt"]})
    return found


def platform(message: Message) -> str:
    return message["context"]["source"]["type"] or ("web" if message["type"] == "page" else "unknown")


def brute_force(theirs: list[Message]) -> Message:
    """Every question asked of all messages anew; `theirs` in order of arrival."""
    timed = sorted(theirs, key=messages.event_time)
    visiting = [m for m in timed if platform(m) not in ("ad_server", "crm")]
    times = [messages.event_time(m) for m in visiting]
    starts = [t for n, t in enumerate(times) if not any(t - before < HALF_HOUR for before in times[:n])]
    ways = [(platform(a), platform(b)) for a, b in pairwise(visiting)]
    names = [messages.event_name(m) for m in timed]
    return {
        "sessions": [(t, max(u for u in times if not any(t < s <= u for s in starts) and u >= t)) for t in starts],
        "days": len({datetime.fromtimestamp(t / 1000, UTC).date() for t in times}),
        "moves": {way: ways.count(way) for way in ways if way[0] != way[1]},
        "platforms": {p: sum(platform(m) == p for m in timed) for p in map(platform, timed)},
        "counters": {name: names.count(name) for name in names},
        "touches": (messages.event_time(timed[0]), messages.event_time(timed[-1])),
    }


def told(pipeline: Pipeline, profile: Profile) -> Message:
    task = next(task for task in pipeline.tasks if task.state.profiles.get(profile.key) is profile)
    found = portrait(pipeline.plan, profile, task.state.timeline.entries(profile.key), task.context.reread, pipeline.now)
    basics = found["basics"]
    assert basics["since"] is None
    return {
        "sessions": [(each["begins"], each["ends"]) for each in basics["sessions"]], "days": basics["visit_days"],
        "moves": {(move["origin"], move["to"]): move["times"] for move in basics["moves"]},
        "platforms": {name: seen["events"] for name, seen in basics["platforms"].items()},
        "counters": {name: seen["events"] for name, seen in basics["counters"].items()},
        "touches": (basics["first_touch"]["event_time"], basics["last_touch"]["event_time"]),
    }


def check(pipeline: Pipeline, history: list[Message]) -> None:
    accepted: dict[str, Message] = {}
    for message in history:
        accepted.setdefault(message["messageId"], message)
    theirs = people(pipeline)
    for profile in pipeline.profiles():
        if profile.fragments and profile.identifiers:
            ids = theirs[frozenset(profile.identifiers)]
            assert told(pipeline, profile) == brute_force([m for name, m in accepted.items() if name in ids])


@settings(max_examples=150, deadline=None)
@given(visits(), st.sampled_from((1, 4, 16)), st.data())
def test_basics_are_those_of_the_persons_own_events(history: list[Message], partitions: int, data: st.DataObject) -> None:
    pipeline = run(Pipeline(LIMITS_TIGHT, partitions), history)
    check(pipeline, history)
    whole = data.draw(st.sampled_from(sorted(tuple(sorted(profile.identifiers)) for profile in pipeline.profiles())))
    if len(whole) > 1:
        pipeline.split(whole[0], *data.draw(st.sets(st.sampled_from(whole[1:]), min_size=1)))
        check(pipeline, history)
