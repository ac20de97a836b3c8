"""Everything known of one person: all messages so far, in order of arrival. Nothing is kept between questions."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from streams.core.values import Json
from tests.oracle import messages
from tests.oracle.comparisons import operator, satisfies

Message = dict[str, Json]
Path = list[str]


@dataclass(frozen=True)
class Person:
    """`messages` without copies, in order of arrival; `identifiers` are those of the profile. `believes`: trait ->
    sources, the strongest first; under "" those for all other traits."""

    messages: list[Message]
    identifiers: frozenset[str] = frozenset()
    computed: dict[str, Message] = field(default_factory=dict)
    believes: dict[str, list[str]] = field(default_factory=dict)

    def events(self) -> list[Message]:
        """What rules may name as events, by event time, then arrival."""
        counted = [message for message in self.messages if messages.is_counted(message)]
        return sorted(counted, key=messages.event_time)

    def first_event(self) -> int:
        return min(messages.event_time(message) for message in self.messages)


def matching(person: Person, match: Message, now: int, where: str = "where") -> list[Message]:
    """Events of the names in `event` that meet all of `where` as of now, by event time, then arrival."""
    return [
        event for event in person.events()
        if is_named(event, match) and meets(event, match.get(where) or [], now)
    ]


def is_named(event: Message, match: Message) -> bool:
    names = match.get("event", "*")
    return any(_fits(messages.event_name(event), name) for name in ([names] if isinstance(names, str) else names))


def _fits(name: str, pattern: str) -> bool:
    """`*` stands for any text; backtracking, as slowly as it likes."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(_fits(name[skipped:], pattern[1:]) for skipped in range(len(name) + 1))
    return name[:1] == pattern[0] and _fits(name[1:], pattern[1:])


def meets(event: Message, conditions: list[Message], now: int) -> bool:
    return all(
        satisfies(property_of(event, each["property"]), operator(each), each[operator(each)], now)
        for each in conditions
    )


def property_of(event: Message, path: str | Path) -> Json:
    parts = path.split(".") if isinstance(path, str) else path
    if parts[0] == "context" and len(parts) > 1:
        return at_path(messages.context(event), parts[1:])
    return at_path(messages.properties(event), parts)


def at_path(tree: Json, parts: Path) -> Json:
    """None where there is nothing. A key that itself holds the dots is found first."""
    if isinstance(tree, dict) and ".".join(parts) in tree:
        return tree[".".join(parts)]
    for part in parts:
        if not isinstance(tree, dict) or part not in tree:
            return None
        tree = tree[part]
    return tree


def in_window(event: Message, node: Message, now: int) -> bool:
    from tests.oracle.comparisons import duration, time

    at = messages.event_time(event)
    if "within" in node:
        return at <= now < at + duration(node["within"])
    start, end = node.get("between", (node.get("after"), node.get("before")))
    return (start is None or at >= time(start)) and (end is None or at < time(end))


def settings(person: Person, name: str) -> Iterator[tuple[int, Json]]:
    """(event time, value) for each time that the top-level trait was set, oldest first; ties by arrival."""
    for message in sorted(person.messages, key=messages.event_time):
        if name in messages.traits_set(message):
            yield messages.event_time(message), messages.traits_set(message)[name]


def stored_traits(person: Person, until: int) -> dict[str, Json]:
    """The traits as the events up to the instant `until` left them."""
    known = [message for message in person.messages if messages.event_time(message) <= until]
    names = sorted({name for message in known for name in messages.traits_set(message)})
    found = {name: _believed(known, name, person.believes.get(name, person.believes.get("", []))) for name in names}
    found = {name: value for name, value in found.items() if value is not None}
    group = {name.removeprefix("group."): found.pop(name) for name in names if name in found and name.startswith("group.")}
    return {**found, **({"group": group} if group else {})}


def _believed(known: list[Message], name: str, order: list[str]) -> Json:
    """Every statement is held against every other: a removal by a source as strong or stronger, at the same time or later,
    takes it away; of those that stand, the strongest source's newest counts."""
    timed = [each for each in sorted(known, key=messages.event_time) if name in messages.traits_set(each)]
    said = [(messages.source_type(each), messages.traits_set(each)[name]) for each in timed]
    weakness = [order.index(source) if source in order else len(order) for source, _ in said]
    standing = [
        place for place, (_, value) in enumerate(said) if value is not None and not any(
            said[other][1] is None and weakness[other] <= weakness[place] for other in range(place + 1, len(said)))]
    if not standing:
        return None
    return said[max(standing, key=lambda place: (-weakness[place], place))][1]


def consent(person: Person, purpose: str) -> str:
    state = "unknown"
    for message in sorted(person.messages, key=messages.event_time):
        if purpose in messages.consent_stated(message):
            state = "granted" if messages.consent_stated(message)[purpose] else "denied"
    return state
