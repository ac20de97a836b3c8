"""Asking a `Pipeline` about its people in the words of the oracles."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from streams.core.profile import Profile
from streams.task import Task
from streams.testing import Pipeline

START = 1_767_225_600_000


def run(pipeline: Pipeline, history: Iterable[Mapping[str, Any]]) -> Pipeline:
    """Everything sent, each message at its `receivedAt`."""
    for message in history:
        pipeline.send(message, message["receivedAt"])
    return pipeline


def found_at(pipeline: Pipeline, *keys: str) -> tuple[Task, Profile]:
    """The profile of the first of these keys that has one, and its task."""
    for key in keys:
        for task, store in zip(pipeline.tasks, pipeline.stores, strict=True):
            if key.encode() in store.keys("profiles") and isinstance(profile := task.state.profiles.get(key), Profile):
                return task, profile
    raise AssertionError(f"there is no profile {keys}")


def entries(pipeline: Pipeline, profile: Profile) -> list[dict[str, Any]]:
    """The messages that a profile consists of, in order of arrival, as they came."""
    found = found_at(pipeline, profile.key)[0].state.timeline.entries(profile.key)
    return [{**orjson.loads(e.raw), "receivedAt": e.received_at} for e in found]


def audience(pipeline: Pipeline) -> set[str]:
    """Whoever was told last to be in on the channel `display`."""
    told = {activation.identifier: activation.change for activation in pipeline.activations("display")}
    return {identifier for identifier, change in told.items() if change == "entered"}


def people(pipeline: Pipeline) -> dict[frozenset[str], list[str]]:
    """Identifiers of every living profile -> ids of its messages, strongest identifier included for copies."""
    found: dict[frozenset[str], list[str]] = {}
    for profile in pipeline.profiles():
        if profile.fragments:
            who = frozenset(profile.identifiers)
            assert not who or who not in found, "two profiles with the same identifiers"
            found.setdefault(who, []).extend(message["messageId"] for message in entries(pipeline, profile))
    return found


def event(number: int, **who: Any) -> dict[str, Any]:
    """The event A, so many ms after `START`, of whoever it names."""
    return {"type": "track", "event": "A", "messageId": f"m{number}", "timestamp": START + number, **who}


def send_all(pipeline: Pipeline, *history: Mapping[str, Any]) -> Pipeline:
    """Each message at its own time."""
    for message in history:
        pipeline.send(message, message["timestamp"])
    return pipeline
