"""L4, L5, L6: membership at every instant, what is told of it, and whether it may be told.

Nobody is asked but the profiles' own messages: whose they are is the affair of the identity laws.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.outputs import Activation, MembershipsNow
from streams.task import Task
from streams.testing import Pipeline
from streams.unit import Inbound, Outcome
from tests.oracle import messages
from tests.oracle.person import Person, consent
from tests.oracle.rules import holds
from tests.pipeline.worlds import entries, run
from tests.strategies import (
    DAY,
    EVERYTHING,
    HOUR,
    LIMITS_LIFTED,
    LIMITS_TIGHT,
    LIVES,
    SEGMENTS,
    histories,
)

Message = dict[str, Any]
WINDOWS = (5 * HOUR, DAY, 2 * DAY)
ADDRESSED = {"ads": ("cookie:", "device_id:"), "thanks": ("email:", "phone:", "cookie:")}
"""By campaign, as `CAMPAIGNS` says it."""
RULES = st.sampled_from((LIMITS_LIFTED, LIMITS_TIGHT))


def _instants(history: list[Message], start: int, end: int) -> list[int]:
    """Where a window of some message ends between two messages, and the millisecond before."""
    ends = {messages.event_time(message) + window for message in history for window in WINDOWS}
    return sorted({at + step for at in ends for step in (-1, 0) if start < at + step < end})


def _persons(pipeline: Pipeline) -> Iterator[tuple[set[str], Person]]:
    for profile in pipeline.profiles():
        if profile.fragments:
            yield set(profile.members), Person(entries(pipeline, profile), frozenset(profile.identifiers))


def _check_members(pipeline: Pipeline) -> None:
    segments = {key.partition("/")[2]: document for key, document in SEGMENTS.items()}
    for members, person in _persons(pipeline):
        wanted = {n for n, document in segments.items() if holds(document["rule"], person, pipeline.now, segments)}
        assert members == wanted, f"at {pipeline.now}"


@settings(max_examples=80, deadline=None)
@given(histories(most=9), RULES, st.sampled_from((1, 3)))
def test_l4_membership_is_the_brute_force_evaluators_at_every_instant(
    history: list[Message], rules: Message, partitions: int,
) -> None:
    pipeline = Pipeline(SEGMENTS | rules, partitions)
    ends = [message["receivedAt"] for message in history[1:]] + [history[-1]["receivedAt"] + 4 * DAY]
    for number, (message, end) in enumerate(zip(history, ends, strict=True)):
        pipeline.send(message, message["receivedAt"])
        pipeline.advance(by=0)
        _check_members(pipeline)
        for instant in _instants(history[:number + 1], message["receivedAt"], end):
            pipeline.advance(to=instant)
            _check_members(pipeline)


@settings(max_examples=150, deadline=None)
@given(LIVES, RULES, st.sampled_from((1, 4)))
def test_l5_changes_alternate_and_replay_to_the_segments(
    history: list[Message], rules: Message, partitions: int,
) -> None:
    pipeline = run(Pipeline(EVERYTHING | rules, partitions), history)
    pipeline.advance(by=DAY)
    inside: dict[str, set[str]] = defaultdict(set)
    sequences: dict[tuple[str, str], int] = defaultdict(int)
    for line in pipeline.memberships:
        assert (line.change == "exited") is (line.segment_id in inside[line.profile_id]), line
        assert line.sequence > sequences[line.profile_id, line.segment_id]
        sequences[line.profile_id, line.segment_id] = line.sequence
        inside[line.profile_id] ^= {line.segment_id}
    for profile in pipeline.profiles():
        assert inside[profile.profile_id] == set(profile.members)


@settings(max_examples=150, deadline=None)
@given(LIVES, RULES, st.sampled_from((1, 4)))
def test_l5_audiences_alternate_with_rising_sequence_and_replay_to_the_members(
    history: list[Message], rules: Message, partitions: int,
) -> None:
    pipeline = run(Pipeline(EVERYTHING | rules, partitions), history)
    pipeline.advance(by=DAY)
    told: dict[tuple[str, str, str], str] = {}
    sequences: dict[tuple[str, str], int] = defaultdict(int)
    for activation in pipeline.activations():
        assert activation.sequence > sequences[activation.identifier, activation.segment_id]
        sequences[activation.identifier, activation.segment_id] = activation.sequence
        if activation.change != "message":
            key = (activation.campaign_id, activation.channel, activation.identifier)
            assert told.get(key, "exited") != activation.change
            told[key] = activation.change
    assert {key for key, change in told.items() if change == "entered"} == set(_audience(pipeline))
    ids = [activation.activation_id for activation in pipeline.activations()]
    assert len(ids) == len(set(ids))


def _audience(pipeline: Pipeline) -> Iterator[tuple[str, str, str]]:
    for members, person in _persons(pipeline):
        for campaign in pipeline.plan.definitions.campaigns:
            if campaign.segment in members and consent(person, "personalised-ads") == "granted":
                yield from ((campaign.id, "display", i) for i in person.identifiers
                            if i.startswith(ADDRESSED.get(campaign.id, ()))
                            and "display" in {channel.name for channel in campaign.channels})


@settings(max_examples=150, deadline=None)
@given(LIVES, RULES, st.sampled_from((1, 4)))
def test_l5_memberships_replay_to_what_each_identifier_is_in(
    history: list[Message], rules: Message, partitions: int,
) -> None:
    pipeline = run(Pipeline(EVERYTHING | rules, partitions), history)
    pipeline.advance(by=DAY)
    records: dict[str, list[str]] = {}
    for output in pipeline.collected.outputs:
        if isinstance(output, MembershipsNow):
            records[output.identifier] = output.segments or []
    wanted = {identifier: sorted(members) for members, person in _persons(pipeline)
              if consent(person, "personalised-ads") == "granted" for identifier in person.identifiers}
    assert {i: s for i, s in records.items() if s} == {i: s for i, s in wanted.items() if s}


@settings(max_examples=150, deadline=None)
@given(LIVES, RULES, st.sampled_from((1, 4)))
def test_l6_nothing_is_activated_without_consent_at_that_moment(
    history: list[Message], rules: Message, partitions: int,
) -> None:
    pipeline = Pipeline(EVERYTHING | rules, partitions)
    for message in history:
        before = len(pipeline.activations())
        pipeline.send(message, message["receivedAt"])
        for activation in pipeline.activations()[before:]:
            if activation.change != "exited" and activation.at == pipeline.now:
                assert _is_permitted(pipeline, activation)


def _is_permitted(pipeline: Pipeline, activation: Activation) -> bool:
    found = [person for _, person in _persons(pipeline) if activation.identifier in person.identifiers]
    return len(found) == 1 and consent(found[0], activation.purpose) == "granted"


class Counting:
    """A task whose units of work say what became of each record they were handed."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self.applied = self.rejected = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def run(self, batch: Sequence[Inbound], wall: int, timers_until: int) -> Outcome:
        outcome = self._task.run(batch, wall, timers_until)
        assert outcome.applied + outcome.rejected == len(batch)
        self.applied += outcome.applied
        self.rejected += outcome.rejected
        return outcome


@settings(max_examples=60, deadline=None)
@given(histories(), st.lists(st.sampled_from((b"", b"{", b"[]", b"nonsense", b'{"type": "track"}')), max_size=5))
def test_l9_records_in_are_those_applied_and_those_rejected(history: list[Message], broken: list[bytes]) -> None:
    pipeline = Pipeline(LIMITS_TIGHT, 3)
    counting = [Counting(task) for task in pipeline.tasks]
    pipeline.tasks = cast("list[Task]", counting)
    run(pipeline, history)
    for raw in broken:
        pipeline.send(raw)
    accepted = {(m["messageId"], messages.identifiers(m)[0]) for m in history}
    counted = sum(f.events for profile in pipeline.profiles() for f in profile.fragments.values())
    copies = len(history) - len(accepted)
    assert len(history) + len(broken) == counted + copies + len(pipeline.rejected)
    assert sum(each.rejected for each in counting) == len(pipeline.rejected)
    assert sum(each.applied for each in counting) >= len(history) + len(broken) - len(pipeline.rejected)
