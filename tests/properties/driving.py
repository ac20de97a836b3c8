"""The engine driven as the profile stage drives it: timers due before a message first, then the message."""
from __future__ import annotations

import json

from streams.core import profiling
from streams.core.computed import trait_values
from streams.core.events import Event
from streams.core.identifiers import Namespaces
from streams.core.intake import Intake
from streams.core.profile import Fragment, Profile
from streams.core.segments.evaluate import Crossing, create, lapse, next_due, refresh
from streams.core.segments.folding import fold
from streams.core.segments.plan import compile_plan
from streams.core.values import Json
from streams.definitions import build
from streams.task.revisions import regex
from tests.oracle.messages import received_at

Message = dict[str, Json]


class Driven:
    """One profile under the engine. `split` sends the cookie's events into a fragment of their own."""

    def __init__(self, documents: list[Message], *, split: bool) -> None:
        self.definitions = build({f"{each['kind']}/{each['id']}": each for each in documents}, 1, {})
        self.plan = compile_plan(self.definitions, regex)
        self.profile = Profile("customer_id:u", "pid")
        self.profile.identifiers = {"customer_id:u": [0, 0], "cookie:c": [0, 0]}
        self.split = split
        self.told: set[str] = set()
        self._intake = Intake(Namespaces(), lambda text: None)
        self._arrival = 0

    def until(self, at: int) -> None:
        """Let every timer that is due before `at` fire, in order."""
        last = None
        while (due := next_due(self.profile)) is not None and due < at:
            assert last is None or due > last, f"the timer at {due} does not move on"
            last = due
            self._heard(lapse(self.plan, self.profile, due))

    def receive(self, message: Message) -> None:
        self._arrival += 1
        at = received_at(message)
        event = self._intake.read(message, b"", at, self._arrival)
        for identifier in event.identifiers:
            self.profile.identifiers.setdefault(identifier, [0, 0])
        is_first = not self.profile.fragments
        touched = self._fold(event)
        change = create if is_first else refresh
        self._heard(change(self.plan, self.profile, touched, at, event.message_id))

    def _fold(self, event: Event) -> list[str]:
        key = event.subject if self.split else "customer_id:u"
        fragment = self.profile.fragments.setdefault(key, Fragment(key))
        profiling.count(fragment, event)
        return fold(self.plan, fragment, event, is_alone=len(self.profile.fragments) == 1)

    def at(self, now: int) -> tuple[set[str], dict[str, Json]]:
        """Members and computed traits once everything at `now` is done."""
        due = next_due(self.profile)
        if due is not None and due <= now:
            self._heard(lapse(self.plan, self.profile, now))
        ids = {trait.id for trait in self.definitions.computed_traits}
        values = trait_values(self.plan, self.profile, now)
        return set(self.profile.members), {name: values[name] for name in sorted(ids & values.keys())}

    def _heard(self, changes: list[Crossing]) -> None:
        for change in changes:
            assert change.entered != (change.segment_id in self.told), f"told twice: {change}"
            (self.told.add if change.entered else self.told.discard)(change.segment_id)
        assert self.told == set(self.profile.members)


def shown(documents: list[Message], history: list[Message]) -> str:
    return "\n".join(json.dumps(each) for each in [*documents, *history])
