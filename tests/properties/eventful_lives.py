"""Hypothesis: a few people who share devices, with copies, late events, splits and live edits of the definitions.

A step is a message, or `type: split` (`mask` picks who leaves from whoever is held by then), or `type: edit` with the
documents that stand from then on; each has its `receivedAt`.
"""
from __future__ import annotations

from hypothesis import strategies as st

from streams.core.values import Json
from tests.oracle.computed import iso
from tests.properties.histories import KINDS, LATENESS, NOON, WAITS
from tests.properties.identities import ANYBODY
from tests.properties.rules import LEAF, definitions
from tests.strategies import USERS, named

Message = dict[str, Json]


@st.composite
def messages(draw: st.DrawFn, number: int, at: int) -> Message:
    """A message nobody has sent yet."""
    said, whose = draw(KINDS), draw(named())
    if said["type"] == "alias":
        whose = {"userId": draw(st.sampled_from(USERS)), "previousId": draw(st.sampled_from(("u3", "c2")))}
    context = {**said.get("context", {}), **whose.get("context", {})}
    stamps = {"messageId": f"m{number}", "receivedAt": iso(at), "timestamp": iso(at - draw(LATENESS))}
    return {**said, **whose, "context": context, **stamps}


@st.composite
def crowds(draw: st.DrawFn) -> list[Message]:
    """Messages in order of arrival, with copies and aliases among them."""
    found: list[Message] = []
    at = NOON
    for number in range(draw(st.sampled_from([6, 9, 3, 12]))):
        at += draw(WAITS)
        if found and draw(st.integers(0, 9)) == 0:
            found.append({**draw(st.sampled_from(found)), "receivedAt": iso(at)})
        else:
            found.append(draw(messages(number, at)))
    return found


@st.composite
def edits(draw: st.DrawFn, standing: list[Message]) -> list[Message]:
    """What may stand in their place: all anew, one rule changed, one segment fewer, a new name, or the same again."""
    segments = [each for each in standing if each["kind"] == "segment"]
    others = [each for each in standing if each["kind"] != "segment"]
    match draw(st.sampled_from(("anew", "anew", "rule", "rule", "rule", "fewer", "name", "again"))):
        case "anew":
            return draw(definitions())
        case "rule":
            place = draw(st.integers(0, len(segments) - 1))
            segments = [{**each, "rule": draw(LEAF)} if n == place else each for n, each in enumerate(segments)]
        case "fewer" if len(segments) > 1:
            segments = segments[:-1]
        case "name":
            segments = [{**each, "name": "called otherwise"} for each in segments]
    return others + segments


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Message], list[Message]]:
    """The documents at the beginning, and the steps."""
    beginning = standing = draw(definitions())
    steps: list[Message] = []
    for message in draw(crowds()):
        steps.append(message)
        match draw(st.integers(0, 9)):
            case 0 | 1:
                standing = draw(st.one_of(edits(standing), st.just(beginning)))
                steps.append({"type": "edit", "documents": standing, "receivedAt": message["receivedAt"]})
            case 2 | 3:
                steps.append({"type": "split", "identifier": draw(st.sampled_from(ANYBODY)),
                              "mask": draw(st.integers(0, 63)), "receivedAt": message["receivedAt"]})
    return beginning, steps
