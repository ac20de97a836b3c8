"""A person's story for tests of the rules: what was sent when, and who entered or left which segment when.

Times are small whole numbers (milliseconds of the epoch), so that a boundary is one apart from its neighbours. A
story drives the engine as the profile stage does: time-only changes before an event each at their own instant, the
event, then what time alone changes at that very instant.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from streams.core.definitions import ComputedTrait, Definitions, Segment
from streams.core.events import Event, Kind
from streams.core.profile import Fragment, Profile
from streams.core.segments.evaluate import Crossing, create, evaluate_all, lapse, next_due, refresh
from streams.core.segments.folding import fold, is_behind, refold
from streams.core.segments.plan import Plan, compile_plan
from streams.core.segments.rules import Comparison, Condition, EventMatch, Operator, Rule

IN, OUT = "entered", "exited"


def regex(pattern: str) -> Callable[[str], bool]:
    search = re.compile(pattern).search
    return lambda text: search(text) is not None


def compare(operator: str, operand: Any = None) -> Comparison:
    return Comparison(operator=Operator(operator), operand=operand)


def where(path: str, operator: str, operand: Any) -> Condition:
    return Condition(property=tuple(path.split(".")), comparison=compare(operator, operand))


def on(*names: str, where: tuple[Condition, ...] = ()) -> EventMatch:
    return EventMatch(names=names, where=where)


def named(**rules: Rule) -> Plan:
    """Segments of these names, in this order."""
    segments = tuple(Segment(id=name, rule=rule) for name, rule in rules.items())
    return compile_plan(Definitions(segments=segments), regex)


def plan_of(*rules: Rule, computed: tuple[ComputedTrait, ...] = (), version: int = 1) -> Plan:
    """Segments `s0`, `s1`, … in this order."""
    segments = tuple(Segment(id=f"s{place}", rule=rule, version=version) for place, rule in enumerate(rules))
    return compile_plan(Definitions(segments=segments, computed_traits=computed), regex)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message; `received` is when it came in, at its own time where left out. by: the identifier it names."""

    at: int
    kind: Kind = "track"
    name: str = ""
    received: int | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    traits: dict[str, Any] = field(default_factory=dict)
    consent: dict[str, bool] = field(default_factory=dict)
    by: str = "cookie:c"


def track(name: str, at: int, *, received: int | None = None, by: str = "cookie:c", **properties: Any) -> Sent:
    return Sent(at=at, name=name, received=received, properties=properties, by=by)


def identify(at: int, *, received: int | None = None, by: str = "cookie:c", **traits: Any) -> Sent:
    return Sent(at=at, kind="identify", name="Identified", received=received, properties=traits, traits=traits, by=by)


def identified(at: int, traits: dict[str, Any]) -> Sent:
    """As `identify`, for names that are no words."""
    return Sent(at=at, kind="identify", name="Identified", properties=traits, traits=traits)


def spread(identifiers: int, messages: list[Sent]) -> list[Sent]:
    """The same story told in turns by several identifiers of one person: as many fragments."""
    return [replace(sent, by=f"cookie:{place % identifiers}") for place, sent in enumerate(messages)]


def consent(at: int, *, received: int | None = None, by: str = "cookie:c", **purposes: bool) -> Sent:
    return Sent(at=at, name="Consent Preference Updated", received=received, consent=purposes, by=by)


class Story:
    def __init__(self, plan: Plan, profile_id: str = "p") -> None:
        self.plan, self.profile, self.now = plan, Profile("k", profile_id), 0
        self.lines: list[tuple[int, str, str]] = []
        self.reasons: list[str] = []
        self.events: list[tuple[str, Event]] = []

    def send(self, *messages: Sent) -> Story:
        """In the order of receipt; of two received at once the one that stands first. Timers of an instant come after it."""
        for message in sorted(messages, key=lambda sent: sent.at if sent.received is None else sent.received):
            received = message.at if message.received is None else message.received
            self.run(received - 1)
            self.now = received
            self._fold(message, received)
        self.run(self.now)
        return self

    def run(self, until: int) -> Story:
        """Let time alone do what it does, up to and including `until`."""
        while (due := next_due(self.profile)) is not None and due <= until:
            assert due >= self.now, "an instant was passed over"
            self.now = due
            self._note(lapse(self.plan, self.profile, due))
        self.now = max(self.now, until)
        return self

    def redefine(self, plan: Plan) -> Story:
        """Other definitions from now on; what the fragments lack is rebuilt from all events, newest first."""
        self.plan = plan
        for key, fragment in self.profile.fragments.items():
            if is_behind(plan, fragment):
                refold(plan, fragment, [event for home, event in reversed(self.events) if home == key])
        self._note(evaluate_all(plan, self.profile, self.now))
        return self

    def changes(self, segment: str = "s0") -> list[tuple[int, str]]:
        return [(at, change) for at, name, change in self.lines if name == segment]

    def _fold(self, message: Sent, received: int) -> None:
        event = Event(
            f"m{len(self.events) + 1}", message.kind, message.name, message.at, received, len(self.events) + 1,
            (message.by,), message.properties, message.context, message.traits, message.consent, "", b"")
        is_first = not self.profile.fragments
        self.profile.timer_at = next_due(self.profile) or 0
        fragment = self.profile.fragments.setdefault(message.by, Fragment(message.by))
        fragment.first_seen = min(fragment.first_seen, message.at) if fragment.events else message.at
        fragment.events += 1
        self.profile.identifiers[message.by] = [0, 0]
        self.events.append((message.by, event))
        touched = fold(self.plan, fragment, event, is_alone=len(self.profile.fragments) == 1)
        judge = create if is_first else refresh
        self._note(judge(self.plan, self.profile, touched, received, event.message_id))

    def _note(self, changes: list[Crossing]) -> None:
        for change in changes:
            inside = change.segment_id in self.profile.members
            assert inside is change.entered, "a change says otherwise than the members"
            self.lines.append((self.now, change.segment_id, IN if change.entered else OUT))
            self.reasons.append(change.because)


def changes(rule: Rule, *messages: Sent, until: int = 1_000, computed: tuple[ComputedTrait, ...] = ()) -> list[
        tuple[int, str]]:
    """When somebody with this story enters and leaves a segment with this rule."""
    return Story(plan_of(rule, computed=computed)).send(*messages).run(until).changes()
