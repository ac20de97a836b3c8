"""L4 and L5 for live edits that meet whatever is under way: merges, splits, moves, other edits, slices, crashes.

Tasks hear of a revision at different times, and profiles move between tasks that are on different ones. At rest everybody is
in the segments that a brute force finds under the last definitions, and the lines told of each alternate and end there.
"""
from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.outputs import MembershipChanged
from streams.task import sweep
from streams.testing import Pipeline
from tests.oracle.ledger import Ledger
from tests.oracle.person import Person
from tests.oracle.rules import holds
from tests.pipeline.mesh import Mesh, unsettled
from tests.pipeline.worlds import entries
from tests.properties.identities import RULES, eventful, replay
from tests.strategies import SEGMENTS

Message = dict[str, Any]
CHANCE = st.integers(0, 2**32).map(Random)
EDITED: Message = {
    "segment/carts": {"performed": {"event": "Product Added", "within": "2d"}},
    "segment/twice": {"performed": {"event": "Product Added", "at_least": 3}},
    "segment/once": {"performed": {"event": "Order Completed", "at_most": 1}},
    "segment/paying": {"trait": {"name": "plan", "is": "free", "for": "5h"}},
    "segment/browsers": {"identifier": {"namespace": "email"}},
    "segment/spent": {"aggregate": {"event": "Order Completed", "function": "max", "property": "value", "gte": 2}},
    "segment/new": {"sequence": {"steps": [{"event": "Product Added"}, {"event": "Order Completed"}], "within": "1d"}},
}


@st.composite
def documents(draw: st.DrawFn) -> Message:
    """Each segment as it was, edited, or (where none uses it) deleted."""
    found = dict(SEGMENTS)
    for key, rule in EDITED.items():
        match draw(st.sampled_from(("kept", "edited", "deleted"))):
            case "edited":
                found[key] = {"kind": "segment", "id": key.partition("/")[2], "rule": rule}
            case "deleted" if key != "segment/carts":
                found.pop(key, None)
    return found


@st.composite
def lives(draw: st.DrawFn) -> list[Message]:
    found: list[Message] = []
    for step in draw(eventful(12, aliases=False, rules=False)):
        found.append(step)
        if draw(st.integers(0, 3)) == 0:
            found.append({"type": "edit", "documents": draw(documents()), "receivedAt": step["receivedAt"]})
    return found


def check(life: list[Message], rules: Message, partitions: int, chance: Random, crashes: float) -> None:
    spelled = replay([step for step in life if step["type"] != "edit"], Ledger())
    rest = iter(spelled)
    played = [{**step, "documents": step["documents"] | rules} if step["type"] == "edit" else next(rest) for step in life]
    pipeline = Pipeline(SEGMENTS | rules, partitions)
    with patch.object(sweep, "PROFILES_A_SLICE", 2):
        mesh = Mesh(pipeline, chance, crashes, timers=0.3).run(played)
    assert not unsettled(pipeline)
    last = next((step["documents"] for step in reversed(life) if step["type"] == "edit"), SEGMENTS)
    segments = {each["id"]: each for each in last.values()}
    told: dict[tuple[str, str], list[str]] = defaultdict(list)
    for _, line in mesh.outputs:
        if isinstance(line, MembershipChanged):
            told[line.profile_id, line.segment_id].append(line.change)
    assert all(lines == (["entered", "exited"] * len(lines))[:len(lines)] for lines in told.values())
    for profile in pipeline.profiles():
        open_ = {segment for (who, segment), lines in told.items() if who == profile.profile_id and lines[-1] == "entered"}
        assert set(profile.members) == open_
        if profile.fragments:
            person = Person(entries(pipeline, profile), frozenset(profile.identifiers))
            assert open_ == {n for n, d in segments.items() if holds(d["rule"], person, pipeline.now, segments)}


LIVES = (lives(), st.sampled_from(RULES), st.sampled_from((2, 3, 7)), CHANCE, st.sampled_from((0.0, 0.0, 0.3)))


@settings(max_examples=120, derandomize=True)
@given(*LIVES)
def test_edits_that_meet_whatever_is_under_way(
    life: list[Message], rules: Message, partitions: int, chance: Random, crashes: float,
) -> None:
    check(life, rules, partitions, chance, crashes)


@pytest.mark.nightly
@pytest.mark.timeout(3_000)
@settings(max_examples=3_000)
@given(*LIVES)
def test_edits_that_meet_whatever_is_under_way_for_longer(
    life: list[Message], rules: Message, partitions: int, chance: Random, crashes: float,
) -> None:
    check(life, rules, partitions, chance, crashes)
