"""Precedence of sources over whole lives: people merge, devices move, splits undo it, and the precedence itself changes.

Whatever happened, a person's traits and the segments over them are what their own messages say under the rules in force.
"""
from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.computed import trait_values
from streams.testing import Pipeline
from tests.oracle.backtest import believed
from tests.oracle.ledger import Ledger
from tests.oracle.person import Person, stored_traits
from tests.oracle.rules import holds
from tests.pipeline.worlds import entries
from tests.properties.identities import eventful, obey, play, replay
from tests.strategies import LIMITS_TIGHT

Message = dict[str, Any]
TRAITS: tuple[Message, ...] = (
    {}, {"sources": ["crm", "web"]}, {"sources": ["web"], "by_trait": {"plan": ["crm", "call_center"]}},
    {"sources": ["app", "crm"], "by_trait": {"plan": "newest"}}, {"by_trait": {"plan": ["web", "crm"], "city": ["app"]}})
ORIGINS: tuple[Message, ...] = (
    {}, {"source": {"type": "crm", "name": "desk"}}, {"source": {"type": "web"}}, {"source": {"type": "app"}}, {"page": {}},
    {"source": {"type": "call_center"}}, {"source": {"type": "kiosk"}})
STATED = st.dictionaries(st.sampled_from(["plan", "city"]), st.sampled_from(["free", "paid", None]), min_size=1)
SEGMENTS: Message = {f"segment/{name}": {"kind": "segment", "id": name, "rule": rule} for name, rule in {
    "paying": {"trait": {"name": "plan", "is": "paid"}}, "unknown": {"trait": {"name": "plan", "exists": False}},
    "loyal": {"trait": {"name": "plan", "is": "paid", "for": "5h"}}}.items()}


def under(traits: Message) -> Message:
    return {"identity/one": LIMITS_TIGHT["identity/one"] | {"traits": traits}}


@st.composite
def lives(draw: st.DrawFn) -> list[Message]:
    """Histories in which most messages state a trait, from many sources; `type: rules` changes who is believed."""
    found: list[Message] = []
    for message in draw(eventful(most=12, aliases=False, rules=False)):
        if message["type"] != "split" and not message["messageId"].startswith("again") and draw(st.integers(0, 3)):
            kept = {name: value for name, value in message.items() if name not in ("event", "properties")}
            message = kept | {"type": "identify", "traits": draw(STATED),
                              "context": message.get("context", {}) | draw(st.sampled_from(ORIGINS))}
        found.append(message)
        if draw(st.integers(0, 7)) == 0:
            rules = under(draw(st.sampled_from(TRAITS)))
            found.append({"type": "rules", "rules": rules, "receivedAt": message["receivedAt"]})
    return found


def check(pipeline: Pipeline, rules: Message) -> None:
    pipeline.advance(by=0)
    believes = believed(list(rules.values()))
    segments = {key.partition("/")[2]: document for key, document in SEGMENTS.items()}
    for profile in pipeline.profiles():
        if profile.fragments:
            person = Person(entries(pipeline, profile), frozenset(profile.identifiers), believes=believes)
            assert trait_values(pipeline.plan, profile, pipeline.now) == stored_traits(person, pipeline.now)
            wanted = {n for n, each in segments.items() if holds(each["rule"], person, pipeline.now, segments)}
            assert set(profile.members) == wanted


@settings(max_examples=100, deadline=None)
@given(lives(), st.sampled_from(TRAITS), st.sampled_from((1, 4)))
def test_l4_traits_are_those_of_the_strongest_source_whatever_was_merged_split_or_redefined(
    history: list[Message], traits: Message, partitions: int,
) -> None:
    rules = under(traits)
    pipeline, ledger = Pipeline(SEGMENTS | rules, partitions), Ledger()
    obey(ledger, rules)
    for step in replay(history, ledger):
        if step["type"] == "rules":
            rules = step["rules"]
            step = step | {"rules": SEGMENTS | rules}
        play(pipeline, [step])
        if step["type"] in ("rules", "split"):
            check(pipeline, rules)
    check(pipeline, rules)
