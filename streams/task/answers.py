"""Questions about segments that a task was asked, and its answers, given between batches.

Asked through `commands` and answered on a topic, not over the workers' HTTP: whoever asks knows the broker and nobody
knows where the workers are; and a task is asked at a place among its records, so what was sent before is counted. A
question that a crash swallowed is asked again by whoever waits; nothing of it is state.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from streams.core.requests import Answered
from streams.standing import PressStanding, SegmentStanding, Standing
from streams.task.wire import Ask


class Answers:
    """Of one task, first asked, first answered."""

    def __init__(self, partition: int, standing: Callable[[], Standing]) -> None:
        self._partition, self._standing = partition, standing
        self._asked: deque[Ask] = deque()

    def ask(self, question: Ask) -> None:
        self._asked.append(question)

    def give(self, now: int) -> list[Answered]:
        """What can be said now; questions that nobody waits for any more are passed over."""
        if not self._asked:
            return []
        asked = [question for question in self._asked if question.until > now]
        self._asked.clear()
        body = {"standing": asdict(self._standing())}
        return [Answered(question.request_id, self._partition, body, now) for question in asked]


def standing_of(body: Mapping[str, Any]) -> Standing:
    """What an answer says of its task."""
    said = body["standing"]
    segments = {name: SegmentStanding(**row) for name, row in said["segments"].items()}
    presses = {name: PressStanding(**row) for name, row in said["presses"].items()}
    return Standing(**{**said, "segments": segments, "presses": presses})
