"""Law L7 over generated histories: who is erased is nowhere, and stays nowhere, whatever else happens to whom."""
from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.core import barring
from streams.core.outputs import Activation, Output
from streams.core.requests import Receipt
from streams.core.tables import Barred
from streams.testing import Pipeline
from tests.oracle import messages as oracle
from tests.pipeline.erased import STATED, found_in, kept
from tests.pipeline.mesh import unsettled
from tests.pipeline.worlds import entries
from tests.properties.identities import RULES, eventful
from tests.properties.test_expiry_races import Ticking, check_told
from tests.strategies import COOKIES, DEVICES, EMAILS, EVERYTHING, HOUR, LIMITS_LIFTED, START, USERS

Message = dict[str, Any]
NAMES = {short: f"{short}-distinctive" for short in (*COOKIES, *DEVICES, *USERS)} | {mail: mail for mail in EMAILS}
ANYBODY = tuple(f"{namespace}:{NAMES[short]}" for namespace, pool in (
    ("cookie", COOKIES), ("device_id", DEVICES), ("customer_id", USERS), ("email", EMAILS)) for short in pool)
QUIET = {"campaign/night": {
    "kind": "campaign", "id": "night", "segment": "everybody", "trigger": {"each": "Order Completed"}, "status": "live",
    "quiet_hours": {"from": "00:00", "to": "23:00", "time_zone": "UTC"},
    "channels": {"email": {"subject": "Hi", "text": "hi", "purpose": "email-marketing"}}}}
LEAST = 7 * 24 * HOUR
"""For which a profile is kept at least."""
CHANCE = st.integers(0, 2**32).map(Random)
ALL_RULES = (*RULES, LIMITS_LIFTED)


def renamed(value: Any) -> Any:
    """With values that no byte search can mistake."""
    match value:
        case dict():
            return {key: renamed(each) for key, each in value.items()}
        case str():
            namespace, colon, name = value.rpartition(":")
            return f"{namespace}{colon}{NAMES.get(name, name)}"
        case _:
            return value


@st.composite
def lives(draw: st.DrawFn) -> list[Message]:
    """Histories with splits, erasures, liftings and old messages again. People also speak of each other, until somebody is
    erased: who speaks of them afterwards is another matter (README)."""
    found: list[Message] = []
    for step in draw(eventful(rules=False)):
        if step["type"] == "split":
            step = step | {"split_off": [draw(st.sampled_from(ANYBODY))]}
        elif step["type"] == "identify" and all(each["type"] != "erase" for each in found):
            step = step | {"traits": step["traits"] | {"friend": draw(st.sampled_from(EMAILS)), "note": f"by {EMAILS[0]}!"}}
        found.append(renamed(step))
        at = step["receivedAt"] + draw(st.sampled_from((0, 0, 1, HOUR)))
        chance = draw(st.integers(0, 11))
        if chance < 3:
            action = "erase" if chance < 2 else "unsuppress"
            found.append({"type": action, "identifier": draw(st.sampled_from(ANYBODY)), "receivedAt": at,
                          "messageId": f"{action}{len(found)}"})
    return [step | {"receivedAt": max(s["receivedAt"] for s in found[:place + 1])} for place, step in enumerate(found)]


def barred(pipeline: Pipeline) -> dict[str, Barred]:
    """Who was ever erased."""
    mark = partial(barring.mark, pipeline.tasks[0].context)
    return {each: row for each in ANYBODY for task in pipeline.tasks
            if (row := task.state.barred.get(mark(each))) is not None}


def gone(pipeline: Pipeline) -> set[str]:
    """Identifiers that were erased, and are or were nobody's else."""
    owned = {each for profile in pipeline.profiles() for each in profile.identifiers}
    for task, store in zip(pipeline.tasks, pipeline.stores, strict=True):
        for key in store.keys("identities"):
            node = task.state.nodes.get(key[1:].decode()) if key[:1] == b"i" else None
            owned |= {key[1:].decode()} if node is not None and any(owner[1] for owner in node.owners) else set()
    taken = set(values(owned))
    return {each for each in barred(pipeline) if each.partition(":")[2] not in taken}


def values(identifiers: Iterable[str]) -> list[str]:
    return [each.partition(":")[2] for each in identifiers]


def check_nowhere(pipeline: Pipeline, outputs: list[Output]) -> None:
    rows = barred(pipeline)
    erased = {each for each in gone(pipeline) if not rows[each].is_lifted}
    if erased:
        assert found_in(kept(pipeline, outputs), values(erased)) == []
    told = {(a.channel, a.campaign_id, a.identifier): a.change for a in outputs if isinstance(a, Activation)}
    assert not [place for place, change in told.items() if place[2] in erased and change == "entered"]


def check_once(pipeline: Pipeline) -> None:
    """No event counts twice, nobody is two people. An event that lost its strongest identifier is another's copy, if any."""
    placed: set[tuple[str, str]] = set()
    whose: set[str] = set()
    for profile in pipeline.profiles():
        (task,) = [task for task in pipeline.tasks if task.state.profiles.get(profile.key) is profile]
        theirs = task.state.timeline.entries(profile.key)
        events = {(task.context.reread(entry).message_id, entry.identifiers[0]) for entry in theirs}
        assert len(events) == len(theirs) == sum(f.events for f in profile.fragments.values())
        assert placed.isdisjoint(events) and whose.isdisjoint(profile.identifiers)
        placed |= events
        whose |= set(profile.identifiers)


def again(history: list[Message], at: int) -> list[Message]:
    """Every message anew, under a new id, received now."""
    return [{**step, "messageId": f"again-{number}", "receivedAt": at} for number, step in enumerate(history)
            if "timestamp" in step and "friend" not in step.get("traits", ())]


def check_old_is_old(pipeline: Pipeline, erased: set[str]) -> None:
    """Nothing brought them back: who is listed is nobody, and nothing that happened before the erasure names them."""
    rows = {each: row for each, row in barred(pipeline).items() if each in erased}
    for profile in pipeline.profiles():
        assert not [each for each in profile.identifiers if each in rows and not rows[each].is_lifted]
        for message in entries(pipeline, profile):
            named = {each for each in oracle.identifiers(message) if each in rows}
            assert all(message["timestamp"] > rows[each].until and rows[each].is_lifted for each in named)


@settings(max_examples=60, deadline=None)
@given(lives(), st.sampled_from(ALL_RULES), st.sampled_from((1, 4, 16)))
def test_l7_nothing_is_left_and_nothing_old_brings_it_back(history: list[Message], rules: Message, partitions: int) -> None:
    pipeline = Pipeline(EVERYTHING | QUIET | rules, partitions)
    for step in history:
        if "timestamp" in step:
            pipeline.send(step, step["receivedAt"])
        else:
            pipeline.advance(to=max(pipeline.now, step["receivedAt"]), including=False)
            pipeline.request(step["type"], step["identifier"], None, step.get("messageId"), step.get("split_off", ()))
    asked = [step["messageId"] for step in history if step["type"] == "erase"]
    assert [r.request_id for r in pipeline.receipts if r.action == "erase" and r.outcome == "done"] == asked
    for _ in range(2):
        pipeline.advance(by=STATED)
        erased = gone(pipeline)
        check_nowhere(pipeline, pipeline.collected.outputs)
        check_once(pipeline)
        check_told(pipeline.collected.outputs, pipeline.profiles())
        for message in again(history, pipeline.now):
            pipeline.send(message, pipeline.now)
        check_old_is_old(pipeline, erased)


@settings(max_examples=60, deadline=None)
@given(lives(), st.sampled_from(ALL_RULES), st.sampled_from((1, 2, 3, 7)), CHANCE, st.sampled_from((0.0, 0.0, 0.3)))
def test_l7_holds_with_messages_in_flight(
    history: list[Message], rules: Message, partitions: int, chance: Random, crashes: float,
) -> None:
    check_races(history, rules, partitions, chance, crashes)


@st.composite
def long_lives(draw: st.DrawFn) -> list[Message]:
    """The same with pauses about as long as profiles last; copies keep their time, and come later."""
    shift, begun = 0, dict[str, int]()
    found = []
    for step in draw(lives()):
        shift += draw(st.sampled_from((0,) * 8 + (LEAST - 1, LEAST, LEAST + 1, 2 * LEAST)))
        if "timestamp" in step:
            step = step | {"timestamp": step["timestamp"] + begun.setdefault(step["messageId"], shift)}
        found.append(step | {"receivedAt": step["receivedAt"] + shift})
    return found


def ending(rules: Message, known: str) -> Message:
    """These rules, under which profiles end."""
    (key,) = [*rules, "identity/one"][:1]
    own = {"kind": "identity", "id": key.partition("/")[2], "anonymous_expire_after": "7d", "known_expire_after": known}
    return {**rules, key: rules.get(key, {}) | own}


ENDED_AND_ERASED: list[Message] = [
    {"type": "track", "event": "Product Added", "messageId": "m1", "timestamp": START, "receivedAt": START,
     "userId": NAMES["u1"], "anonymousId": NAMES["c2"],
     "context": {"traits": {"email": EMAILS[0]}, "device": {"id": NAMES["d1"]}}},
    *({"type": "erase", "identifier": f"cookie:{NAMES[short]}", "receivedAt": START + after, "messageId": f"erase-{short}"}
      for short, after in (("c2", LEAST + 1), ("c1", 6 * LEAST)))]
"""All of it is heard at the end; the receipt of the first request was forgotten before it was there."""


@settings(max_examples=40, deadline=None)
@example(ENDED_AND_ERASED, LIMITS_LIFTED, "7d", 2, Random(6), 0.0)
@given(long_lives(), st.sampled_from(ALL_RULES), st.sampled_from(("7d", "14d", "never")), st.sampled_from((1, 2, 3, 7)),
       CHANCE, st.sampled_from((0.0, 0.0, 0.3)))
def test_l7_holds_among_profiles_that_end_by_themselves(
    history: list[Message], rules: Message, known: str, partitions: int, chance: Random, crashes: float,
) -> None:
    """A device that others had too goes when they have ended as well: two weeks at most, a day for who asks again."""
    check_races(history, ending(rules, known), partitions, chance, crashes, after=3 * LEAST + 24 * HOUR + STATED)


@pytest.mark.nightly
@pytest.mark.timeout(3_000)
@settings(max_examples=3_000, deadline=None)
@given(lives(), st.sampled_from(ALL_RULES), st.sampled_from((1, 2, 3, 7)), CHANCE, st.sampled_from((0.0, 0.0, 0.3)))
def test_l7_holds_with_messages_in_flight_for_long(
    history: list[Message], rules: Message, partitions: int, chance: Random, crashes: float,
) -> None:
    check_races(history, rules, partitions, chance, crashes)


def check_races(
    history: list[Message], rules: Message, partitions: int, chance: Random, crashes: float, after: int = STATED,
) -> None:
    pipeline = Pipeline(EVERYTHING | QUIET | rules, partitions)
    mesh = Ticking(pipeline, chance, crashes).run(history)
    asked = {step["messageId"] for step in history if step["type"] == "erase"}
    receipts = [o for o in mesh.said() if isinstance(o, Receipt) and o.action == "erase"]
    assert {r.request_id for r in receipts if r.outcome == "done"} == asked and len(receipts) == len(asked)
    assert [fault for fault in unsettled(pipeline) if "waits" in fault] == []
    check_once(pipeline)
    check_told(mesh.said(), pipeline.profiles())
    pipeline.advance(by=after)
    erased = gone(pipeline)
    check_nowhere(pipeline, mesh.said())
    for message in again(history, pipeline.now):
        pipeline.send(message, pipeline.now)
    check_old_is_old(pipeline, erased)
