"""Answers questions about segments between batches: how a task stands, and what a preview finds.

Asked through `commands` and answered on a topic instead of the workers' HTTP: whoever asks knows the broker, and nobody
knows where the workers are. A task is asked at a place among its records, so what was sent before is counted. Nothing of it
is state: whoever waits for an answer that a crash swallowed asks again."""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from streams.core.context import Context
from streams.core.outputs import Answered
from streams.core.segments.previewing import Preview
from streams.standing import PressStanding, SegmentStanding, Standing
from streams.task.previews import Walk
from streams.task.revisions import UNFIT, Revisions
from streams.task.state import State
from streams.task.wire import Ask
from streams.unit import Store


class Answers:
    """The questions of one task. How it stands is said at once; of previews the first asked is the first answered."""

    def __init__(self, partition: int, store: Store, state: State, revisions: Revisions) -> None:
        self._partition, self._store, self._state, self._revisions = partition, store, state, revisions
        self._previews: deque[Ask] = deque()
        self._about_standing: list[Ask] = []
        self._walk: Walk | None = None

    def is_pending(self) -> bool:
        return bool(self._previews or self._about_standing)

    def ask(self, question: Ask) -> None:
        (self._about_standing if question.documents is None else self._previews).append(question)

    def give(
        self, context: Context, now: int, standing: Callable[[], Standing], *, has_records: bool,
    ) -> list[Answered]:
        """What can be said now; a preview gets one slice a unit, and none beside records, which would wait for it. Questions
        that nobody waits for any more are passed over."""
        answers = [Answered(question.request_id, self._partition, {"standing": asdict(standing())}, now)
                   for question in self._about_standing if question.until > now]
        self._about_standing.clear()
        while self._previews:
            question = self._previews[0]
            is_wanted = question.until > now
            if is_wanted and has_records:
                break
            body = self._previewed(question, context, now, standing) if is_wanted else {}
            if body is None:
                break
            self._previews.popleft()
            self._walk = None
            if body:
                answers.append(Answered(question.request_id, self._partition, body, now))
        return answers

    def _previewed(
        self, question: Ask, context: Context, now: int, standing: Callable[[], Standing],
    ) -> dict[str, Any] | None:
        """None while a preview is not done."""
        if self._walk is None:
            assert question.documents is not None
            try:
                preview = Preview(context.plan, self._revisions.plan_with(question.documents), question.segments)
            except UNFIT as fault:
                return {"standing": asdict(standing()), "fault": str(fault)}
            self._walk = Walk(preview, self._store, self._state, profiles=standing().profiles,
                              people=question.people, shown=question.shown)
        if self._walk.slice(context, now):
            return None
        return {"standing": asdict(standing()), "preview": self._walk.body()}


def standing_of(body: Mapping[str, Any]) -> Standing:
    """How the task stands that gave this answer."""
    said = body["standing"]
    segments = {name: SegmentStanding(**row) for name, row in said["segments"].items()}
    presses = {name: PressStanding(**row) for name, row in said["presses"].items()}
    return Standing(**{**said, "segments": segments, "presses": presses})
