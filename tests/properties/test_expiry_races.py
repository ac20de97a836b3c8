"""The end of profiles with messages in flight: nothing is lost, nothing comes back, nobody is two people."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.expiry import ASK_AT_LAST
from streams.core.identifiers import is_anonymous
from streams.core.outputs import IdentityChanged, MembershipChanged, Output, ProfileGone
from streams.core.profile import Profile
from streams.core.tables import UNDER_WAY
from streams.testing import Pipeline
from streams.unit import Inbound, Outcome
from tests.oracle.person import Person
from tests.oracle.rules import holds
from tests.pipeline.mesh import Mesh, unsettled
from tests.pipeline.worlds import entries
from tests.properties.identities import ANYBODY
from tests.strategies import DAY, DEVICES, LIMITS_LIFTED, LIMITS_TIGHT, SEGMENTS, START, histories

Message = dict[str, Any]
IDLE = 7 * DAY
WHO_LEAVES = (*ANYBODY, *(f"device_id:{each}" for each in DEVICES))
CHANCE = st.integers(0, 2**32).map(Random)
PAUSES = st.sampled_from((0, 0, 0, 0, IDLE - 1, IDLE, IDLE + 1, 2 * IDLE))
LONGEST = 2 * IDLE
"""For known people, where they end too."""
BOUNDS = {name + also: rules["identity/one"] | {"anonymous_expire_after": "7d", "known_expire_after": known}
          for name, rules in (("lifted", LIMITS_LIFTED), ("tight", LIMITS_TIGHT))
          for also, known in (("", "never"), (", known too", "14d"))}


class Ticking(Mesh):
    """A mesh whose timers fire as a worker's do: before no message that is under way. Nothing is so for longer than the
    promise allows: it comes to rest before time goes on too far."""

    _since = 0

    def _hand_in(self, message: Mapping[str, Any]) -> None:
        while message["receivedAt"] - self._since > UNDER_WAY and any(self._flying.values()):
            self._turn()
        if not any(self._flying.values()):
            self._since = message["receivedAt"]
        super()._hand_in(message)

    def _turn(self) -> None:
        idle = self._random.randrange(len(self.pipeline.tasks))
        self._commit(idle, self._work(idle, []))
        if any(self._flying.values()) or any(task.busy() for task in self.pipeline.tasks):
            super()._turn()

    def _work(self, number: int, batch: list[Inbound]) -> Outcome:
        tasks = self.pipeline.tasks
        under_way = [tasks[to].frontier(record) for (_, to), flying in self._flying.items() for record in flying]
        until = min(under_way) - 1 if under_way else self.pipeline.now
        return tasks[number].run(batch, self.pipeline.now, until)

    def said(self) -> list[Output]:
        """Everything told so far, in order of commit; what was told since `run` at the end: task by task, after what was
        decided of identities, which causes it and may have been decided by a later one of the tasks."""
        told = [output for _, output in self.outputs]
        since = [output for collected in self._collected for output in collected.outputs]
        return told + sorted(since, key=lambda output: not isinstance(output, IdentityChanged))


@st.composite
def visits(draw: st.DrawFn, *, with_splits: bool) -> list[Message]:
    """Histories with pauses about as long as the idle time; splits, if any, mostly find nothing to do. Copies keep
    their time, and come later."""
    shift, begun, found = 0, dict[str, int](), []
    for message in draw(histories()):
        shift += draw(PAUSES)
        began = begun.setdefault(message["messageId"], shift)
        found.append({**message, "timestamp": message["timestamp"] + began, "receivedAt": message["receivedAt"] + shift})
        if with_splits and draw(st.integers(0, 7)) == 0:
            leaving = draw(st.lists(st.sampled_from(WHO_LEAVES), min_size=1, max_size=2, unique=True))
            found.append({"type": "split", "identifier": leaving[0], "split_off": leaving,
                          "receivedAt": found[-1]["receivedAt"]})
    return found


WORLDS = (st.sampled_from((1, 2, 3, 7)), CHANCE, st.sampled_from(sorted(BOUNDS)), st.sampled_from((0.0, 0.0, 0.3)))


@settings(max_examples=400, deadline=None)
@given(visits(with_splits=False), *WORLDS)
def test_profiles_end_among_messages_in_flight(
    history: list[Message], partitions: int, chance: Random, bounds: str, crashes: float,
) -> None:
    _check(history, partitions, chance, bounds, crashes)


@settings(max_examples=300, deadline=None)
@given(visits(with_splits=True), *WORLDS)
def test_profiles_end_among_splits_in_flight(
    history: list[Message], partitions: int, chance: Random, bounds: str, crashes: float,
) -> None:
    _check(history, partitions, chance, bounds, crashes)


@pytest.mark.nightly
@pytest.mark.timeout(1_200)
@settings(max_examples=5_000, deadline=None)
@given(visits(with_splits=True), *WORLDS)
def test_profiles_end_among_splits_in_flight_however_long_one_looks(
    history: list[Message], partitions: int, chance: Random, bounds: str, crashes: float,
) -> None:
    _check(history, partitions, chance, bounds, crashes)


def _check(history: list[Message], partitions: int, chance: Random, bounds: str, crashes: float) -> None:
    pipeline = Pipeline(SEGMENTS | {"identity/one": BOUNDS[bounds]}, partitions)
    mesh = Ticking(pipeline, chance, crashes)
    mesh.run(history)
    assert [fault for fault in unsettled(pipeline) if "waits" in fault] == []
    _check_events(pipeline, history)
    _check_people(pipeline)
    pipeline.advance(by=LONGEST + 2 * IDLE)
    check_told(mesh.said(), pipeline.profiles())
    _check_rest(pipeline)


@pytest.mark.parametrize("after", [IDLE + 1, 2 * IDLE, 2 * IDLE + 1])
@pytest.mark.parametrize("seed", range(60))
def test_an_event_that_meets_the_end_under_way_is_decided_before_it_or_after_it(seed: int, after: int) -> None:
    """Whichever way the turns go: who comes back a moment too late starts afresh, with what they came with."""
    pipeline = Pipeline(SEGMENTS | {"identity/one": BOUNDS["lifted"]}, 7)
    both: Message = {"anonymousId": "c1", "context": {"device": {"id": "d1"}}}
    history = [event("m1", 0, both), *(event(f"m{number}", after, who) for number, who in enumerate(
        ({"anonymousId": "c1"}, both, {"context": both["context"]}, {"anonymousId": "c2"}, both), start=2))]
    Ticking(pipeline, Random(seed)).run(history[:1]).run(history[1:])
    _check_people(pipeline)
    placed = {frozenset(p.identifiers): sorted(m["messageId"] for m in entries(pipeline, p)) for p in pipeline.profiles()}
    assert placed == {frozenset({"cookie:c1", "device_id:d1"}): ["m2", "m3", "m4", "m6"], frozenset({"cookie:c2"}): ["m5"]}


def event(name: str, after: int, who: Message) -> Message:
    at = START + after
    return {"type": "track", "event": "Product Added", "messageId": name, "timestamp": at, "receivedAt": at, **who}


def _check_events(pipeline: Pipeline, history: list[Message]) -> None:
    """Nothing counts twice, and nothing recent is lost. A copy of something forgotten may count or not."""
    placed = Counter(m["messageId"] for p in pipeline.profiles() for m in entries(pipeline, p))
    assert set(placed.values()) <= {1}
    assert sum(placed.values()) == sum(f.events for p in pipeline.profiles() for f in p.fragments.values())
    history = [message for message in history if message["type"] != "split"]
    sent = Counter(message["messageId"] for message in history)
    recent = {m["messageId"] for m in history if m["receivedAt"] > pipeline.now - IDLE and sent[m["messageId"]] == 1}
    assert recent <= placed.keys()


def _check_people(pipeline: Pipeline) -> None:
    """Nobody is two people, and nobody is there beyond their time, but who was kept and asks again within a day."""
    segments = {key.partition("/")[2]: document for key, document in SEGMENTS.items()}
    nodes = {key[1:].decode(): task.state.nodes.get(key[1:].decode())
             for task, store in zip(pipeline.tasks, pipeline.stores, strict=True)
             for key in store.keys("identities") if key[:1] == b"i"}
    whose: dict[str, str] = {}
    for profile in pipeline.profiles():
        for identifier in profile.identifiers:
            assert whose.setdefault(identifier, profile.key) == profile.key
        for fragment in profile.fragments.values():
            node = nodes.get(fragment.identifier)
            assert node is None or [profile.key, fragment.epoch] in [owner[1:] for owner in node.owners]
        if profile.fragments:
            theirs = entries(pipeline, profile)
            person = Person(theirs, frozenset(profile.identifiers))
            wanted = {n for n, d in segments.items() if holds(d["rule"], person, pipeline.now, segments)}
            assert set(profile.members) == wanted
            idle = _idle(pipeline, profile.identifiers)
            assert idle is None or (
                max(m["receivedAt"] for m in theirs) + idle > pipeline.now
                or pipeline.now < profile.expiry[0] <= pipeline.now + ASK_AT_LAST)


def _idle(pipeline: Pipeline, identifiers: Iterable[str]) -> int | None:
    definitions = pipeline.plan.definitions
    return definitions.anonymous_expire_after if all(map(is_anonymous, identifiers)) else definitions.known_expire_after


def check_told(said: Iterable[Output], living: Iterable[Profile]) -> None:
    """Law L5: told changes alternate and end at what is; of who was absorbed, the lines simply end. The id of somebody who
    begins again after the tombstone on `profiles` is that of the first, and so begin the lines."""
    inside: set[tuple[str, str]] = set()
    absorbed: set[str] = set()
    for line in said:
        if isinstance(line, IdentityChanged) and line.change == "merged" and line.other_profile_id:
            absorbed.add(line.other_profile_id)
        elif isinstance(line, ProfileGone):
            left = {place for place in inside if place[0] == line.profile_id}
            assert not left or line.profile_id in absorbed, line
            absorbed.discard(line.profile_id)
            inside -= left
        elif isinstance(line, MembershipChanged):
            place = line.profile_id, line.segment_id
            assert (place in inside) == (line.change == "exited"), line
            inside ^= {place}
    for profile in living:
        assert {segment for who, segment in inside if who == profile.profile_id} == set(profile.members)


def _check_rest(pipeline: Pipeline) -> None:
    """Long after: only who has no end is there, and no table remembers anybody else."""
    for task, store in zip(pipeline.tasks, pipeline.stores, strict=True):
        for key in store.keys("profiles"):
            profile = task.state.profiles.get(key.decode())
            assert isinstance(profile, Profile) and _idle(pipeline, profile.identifiers) is None
        for key in store.keys("identities"):
            name, kind = key[1:].decode(), key[:1]
            if kind == b"i":
                node = task.state.nodes.get(name)
                assert node is not None and node.owners
            elif kind == b"p":
                person = task.state.persons.get(name)
                assert person is not None and _idle(pipeline, person.identifiers) is None
        for key in store.keys("pointers"):
            pointer = None if b"\x00seen" in key else task.state.pointers.get(key.decode())
            assert pointer is None or not pointer.is_vacant
