"""Who is joined with somebody else, leaves, comes back or withdraws consent while a press is under way."""
from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.messages import Adopt
from streams.core.outputs import Activation
from streams.core.values import Json
from streams.testing import Pipeline
from tests.pipeline.holding import holding
from tests.pipeline.mesh import Mesh
from tests.pipeline.test_press import SECOND, becomes, fans, mailed, standing


def appears(pipeline: Pipeline, name: str, **fields: Json) -> None:
    """A cookie with an address, a member that permits mail; `fields` may say more."""
    pipeline.send({"type": "identify", "anonymousId": "z", "messageId": f"{name}-{len(fields)}", "timestamp": pipeline.now,
                   "traits": {"fan": True, "email": f"{name}@example.org"},
                   "context": {"consent": {"purposes": {"mail": True}}}, **fields})


def sent_to(pipeline: Pipeline, *names: str) -> list[str]:
    names_of = {f"email:{name}@example.org": name for name in names}
    return [names_of[identifier] for identifier in mailed(pipeline) if identifier in names_of]


@pytest.mark.parametrize("partitions", [1, 4, 16])
@pytest.mark.parametrize("was_fan", [True, False], ids=["into a member", "into no member"])
@pytest.mark.parametrize(("fan", "permits", "letters"), [
    (None, None, 1), (None, False, 0), (None, True, 1), (False, None, 0), (False, True, 0)])
def test_who_is_absorbed_while_waiting_is_activated_as_the_person_that_comes_of_it(
    fan: bool | None, permits: bool | None, letters: int, was_fan: bool, partitions: int,
) -> None:
    """Once, and by what the very message says that joins them: a member no more, or consent withdrawn, is no letter."""
    pipeline = fans(60, partitions)
    becomes(pipeline, "v", fan=was_fan)
    pipeline.advance(by=1)
    appears(pipeline, "lone")
    pipeline.activate("c", per_second=0.001)
    pipeline.advance(by=1)
    assert mailed(pipeline) and not sent_to(pipeline, "v", "lone"), "others come first"
    pipeline.send({"type": "identify", "anonymousId": "z", "userId": "v", "messageId": "m", "timestamp": pipeline.now,
                   "traits": {} if fan is None else {"fan": fan},
                   "context": {} if permits is None else {"consent": {"purposes": {"mail": permits}}}})
    pipeline.advance(by=1_000_000 * SECOND)
    assert sent_to(pipeline, "v", "lone") == ["lone"] * letters
    assert standing(pipeline).is_over


def test_who_absorbs_somebody_that_had_the_message_waits_no_more() -> None:
    pipeline = fans(60)
    becomes(pipeline, "v")
    pipeline.activate("c", per_second=0.001)
    pipeline.advance(by=1)
    appears(pipeline, "late")
    assert sent_to(pipeline, "v", "late") == ["late"]
    appears(pipeline, "late", userId="v")
    pipeline.advance(by=1_000_000 * SECOND)
    assert sent_to(pipeline, "v", "late") == ["late"]


def test_what_was_answered_of_one_membership_says_nothing_of_the_next() -> None:
    pipeline = fans(0)
    becomes(pipeline, "v", fan=False)
    pipeline.activate("c")
    pipeline.advance(by=1)
    appears(pipeline, "late")
    appears(pipeline, "late", userId="v")
    becomes(pipeline, "v", fan=False)
    pipeline.advance(by=1)
    rule = {"kind": "segment", "id": "fans", "rule": {"trait": {"name": "fan", "exists": True}}}
    pipeline.apply({key: row.document for key, row in pipeline._standing.items()} | {"segment/fans": rule})
    assert sent_to(pipeline, "v", "late") == ["late", "v"]


def four(pipeline: Pipeline, members: str) -> None:
    for name in "wxyz":
        appears(pipeline, name, anonymousId=name, traits={"fan": name in members, "email": f"{name}@example.org"})
        pipeline.advance(by=1)


def link(pipeline: Pipeline, one: str, other: str) -> Json:
    return {"type": "identify", "anonymousId": one, "traits": {"email": f"{other}@example.org"}, "messageId": one + other,
            "receivedAt": pipeline.now}


@pytest.mark.parametrize("partitions", [1, 4, 16])
def test_an_answer_goes_on_with_who_is_absorbed_before_all_that_it_absorbs_has_come(partitions: int) -> None:
    """z had the message. x absorbs y and z, and is absorbed by w while y is under way."""
    pipeline = fans(0, partitions)
    pipeline.activate("c")
    four(pipeline, "z")
    assert mailed(pipeline) == ["email:z@example.org"]
    with holding(pipeline, lambda sent: isinstance(sent, Adopt) and "y" in sent.source) as held:
        for one, other in (("x", "y"), ("x", "z"), ("w", "x")):
            pipeline.send(link(pipeline, one, other))
    assert any(profile.inherited for profile in pipeline.profiles())
    held.come_all()
    assert pipeline.members("fans") >= {f"email:{name}@example.org" for name in "wxyz"}
    assert mailed(pipeline) == ["email:z@example.org"]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from((2, 3)), st.integers(0, 2**32).map(Random), st.sampled_from(("z", "wxyz")), st.booleans())
def test_four_who_are_joined_at_once_are_one_person_to_the_press(
    partitions: int, chance: Random, members: str, is_slow: bool,
) -> None:
    """Whatever is in flight: all had the message, or one will have it."""
    pipeline, addresses = fans(16, partitions), {f"email:{name}@example.org" for name in "wxyz"}
    four(pipeline, members)
    pipeline.activate("c", per_second=0.001 if is_slow else None)
    assert sorted(sent_to(pipeline, *"wxyz")) == ([] if is_slow else list(members))
    pipeline.advance(by=1)
    mesh = Mesh(pipeline, chance).run(link(pipeline, *pair) for pair in ("xz", "xy", "wx"))
    pipeline.advance(by=1_000_000 * SECOND)
    mesh.run([])
    told = [each for _, each in mesh.outputs if isinstance(each, Activation) and each.identifier in addresses]
    assert len(told) == is_slow
    assert len({profile.key for profile in pipeline.profiles() if addresses & profile.identifiers.keys()}) == 1


@pytest.mark.parametrize(("pace", "before", "after"), [
    (0.001, [], ["z", "v"]), (None, ["z"], [])], ids=["while it waits", "after its message"])
def test_who_is_split_off_has_had_what_the_whole_had(pace: float | None, before: list[str], after: list[str]) -> None:
    pipeline = fans(60)
    becomes(pipeline, "v")
    appears(pipeline, "z", userId="v")
    appears(pipeline, "z")
    pipeline.activate("c", per_second=pace)
    assert sent_to(pipeline, "z", "v") == before
    pipeline.split("customer_id:v", "cookie:z", "email:z@example.org")
    pipeline.advance(by=1_000_000 * SECOND)
    assert {"cookie:z", "cookie:k-v"} <= pipeline.members("fans")
    assert sent_to(pipeline, "z", "v") == before + after


class Crowd:
    """What happens to people and the campaign between presses, and what that allows them to be sent.

    Each has a second cookie, a member with an address of its own, who is nobody in particular until it `join`s them."""

    def __init__(self, number: int, partitions: int, pace: float | None) -> None:
        self.pipeline, self.pace = fans(number, partitions), pace
        self.entered = Counter(f"{kind}{place}" for place in range(number) for kind in "ul")
        self.fan = {f"u{place}": True for place in range(number)}
        self.refused: dict[str, int] = {}
        """Name -> messages of all before they withdrew consent."""
        self.lone = dict.fromkeys(self.fan, True)
        self.were_two: set[str] = set()
        """Whose second cookie had its message before it joined them."""
        for who in self.fan:
            self._says(who, traits={"fan": True, "email": f"{second(who)}@example.org"},
                       context={"consent": {"purposes": {"mail": True}}})

    def _says(self, who: str, **fields: Json) -> None:
        self.pipeline.send({"type": "identify", "anonymousId": f"k-{second(who)}", "timestamp": self.pipeline.now,
                            "messageId": f"{second(who)}-{len(fields)}", **fields})

    def _withdrawn(self, who: str, before: int) -> None:
        for name in (who,) if self.lone[who] else (who, second(who)):
            self.refused.setdefault(name, before)

    def do(self, what: str, who: str, wait: int) -> None:
        before = len(mailed(self.pipeline))
        match what:
            case "leave" | "enter" | "touch":
                was, self.fan[who] = self.fan[who], what == "enter" or (what == "touch" and self.fan[who])
                self.entered[who] += self.fan[who] and not was
                becomes(self.pipeline, who, fan=self.fan[who], mail=None)
            case "refuse":
                becomes(self.pipeline, who, fan=self.fan[who], mail=False)
                self._withdrawn(who, len(mailed(self.pipeline)))
            case "join" | "join and refuse" if self.lone[who]:
                self.lone[who] = False
                if f"email:{second(who)}@example.org" in mailed(self.pipeline):
                    self.were_two.add(who)
                said = {"context": {"consent": {"purposes": {"mail": False}}}} if what == "join and refuse" else {}
                self._says(who, userId=who, **said)
                if said or who in self.refused:
                    self._withdrawn(who, before)
            case "pause":
                self.pipeline.activate("c", "paused")
            case "press":
                self.pipeline.activate("c", per_second=self.pace)
            case "wait":
                self.pipeline.advance(by=wait)


def second(who: str) -> str:
    return who.replace("u", "l")


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 12), st.sampled_from((1, 4, 16)), st.sampled_from((None, 0.5, 3.0, 40.0)), st.data())
def test_whatever_happens_meanwhile_nobody_is_activated_twice_or_without_consent(
    number: int, partitions: int, pace: float | None, data: st.DataObject,
) -> None:
    """A message for each time in the segment at most, and one for whoever is in it at the end and permits it."""
    crowd = Crowd(number, partitions, pace)
    actions = st.sampled_from((
        "leave", "enter", "refuse", "pause", "press", "wait", "wait", "touch", "join", "join and refuse"))
    for _ in range(data.draw(st.integers(0, 10))):
        crowd.do(data.draw(actions), data.draw(st.sampled_from(sorted(crowd.fan))), data.draw(st.integers(1, 9_000)))
    for what, wait in (("pause", 0), ("press", 0), ("wait", 1_000 * SECOND)):
        crowd.do(what, "", wait)
    pipeline = crowd.pipeline
    sent = Counter(identifier.removeprefix("email:").partition("@")[0] for identifier in mailed(pipeline))
    for who, is_in in crowd.fan.items():
        if crowd.lone[who]:
            assert sent[who] <= crowd.entered[who]
            assert sent[who] or not is_in or who in crowd.refused
            assert sent[second(who)] == 1
        else:
            letters = sent[who] + sent[second(who)]
            assert letters <= crowd.entered[who] + (who in crowd.were_two)
            assert letters or not is_in or who in crowd.refused
    assert not [who for who, place in crowd.refused.items() if f"email:{who}@example.org" in mailed(pipeline)[place:]]
    assert len({activation.activation_id for activation in pipeline.activations()}) == len(pipeline.activations())
    assert standing(pipeline).is_over
