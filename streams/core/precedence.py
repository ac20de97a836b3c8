"""Which of several sources is believed about a trait.

Without precedence the newest statement by event time is in force. With it, a stronger source's statement beats a newer one
of a weaker source; among sources that rank alike, or are not listed, the newest counts. A source that removes a trait (null)
removes what it and weaker ones said before. What a weaker one says later counts, until the stronger speaks again.

The newest statement of each type of source decides all that, so a fragment keeps those: at most nine a trait. A new
precedence therefore holds at once, for what was said before it too, and needs no events."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from streams.core.events import Event
from streams.core.platforms import SOURCE_TYPES, platform_of
from streams.core.profile import SOURCE, SOURCE_TYPE, VALUE, Fragment, Profile, Statement, when

Order: TypeAlias = tuple[str, ...]
"""Types of source, the strongest first."""
OTHER = ""
"""The type of all sources that say none, or one that nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedence:
    """sources: for every trait that `by_trait` has no order of its own for."""

    sources: Order = ()
    by_trait: Mapping[str, Order] = field(default_factory=dict)

    def of(self, trait: str) -> Order:
        """The order for that trait; empty where the newest statement counts."""
        return self.by_trait.get(trait, self.sources)


def origin(event: Event) -> list[str]:
    """What a statement keeps of the event that made it: the source, and its type if the source does not begin with it."""
    found = platform_of(event)
    kind = found if found in SOURCE_TYPES else OTHER
    return [event.source] if kind == _told_by(event.source) else [event.source, kind]


def kind_of(statement: Statement) -> str:
    """The type of source, one of `SOURCE_TYPES` or OTHER."""
    return str(statement[SOURCE_TYPE]) if len(statement) > SOURCE_TYPE else _told_by(statement[SOURCE])


def _told_by(source: str) -> str:
    kind = source.partition("/")[0]
    return kind if kind in SOURCE_TYPES else OTHER


def keep_newest(fragment: Fragment, name: str, statement: Statement) -> bool:
    """Keep this statement, unless the same type of source made a newer one: then False. The order of calls does not matter,
    nor does repeating one."""
    known = fragment.traits.get(name)
    if known is None or when(statement) >= when(known):
        fragment.traits[name] = statement
        if known is not None and (kind := kind_of(known)) != kind_of(statement):
            fragment.superseded.setdefault(name, {})[kind] = known
        _drop(fragment, name, kind_of(statement))
        return True
    kind = kind_of(statement)
    if kind == kind_of(known):
        return False
    others = fragment.superseded.setdefault(name, {})
    if kind in others and when(others[kind]) > when(statement):
        return False
    others[kind] = statement
    return True


def _drop(fragment: Fragment, name: str, kind: str) -> None:
    others = fragment.superseded.get(name)
    if others is not None and others.pop(kind, None) is not None and not others:
        del fragment.superseded[name]


def statements(fragment: Fragment, name: str) -> Iterator[Statement]:
    """The newest of each type of source, the newest of all first."""
    if name in fragment.traits:
        yield fragment.traits[name]
        yield from fragment.superseded.get(name, {}).values()


def in_force(profile: Profile, name: str, order: Order) -> Statement | None:
    """The statement that the profile's trait has; its value is None if the trait was removed. None if it was never set."""
    if order:
        return ruling(order, (each for fragment in profile.fragments.values() for each in statements(fragment, name)))
    newest: Statement | None = None
    for fragment in profile.fragments.values():
        statement = fragment.traits.get(name)
        if statement is not None and (newest is None or when(statement) > when(newest)):
            newest = statement
    return newest


def ruling(order: Order, said: Iterable[Statement]) -> Statement | None:
    """Which of these statements about one trait, in any order, is in force."""
    newest: dict[int, Statement] = {}
    for statement in said:
        place = rank(order, kind_of(statement))
        if place not in newest or when(statement) > when(newest[place]):
            newest[place] = statement
    return strongest(newest)


def rank(order: Order, kind: str) -> int:
    """0 for the strongest; all that are not listed come last and rank alike."""
    return order.index(kind) if kind in order else len(order)


def strongest(newest: Mapping[int, Statement]) -> Statement | None:
    """The one in force, of the newest statement of each rank."""
    removed: Statement | None = None
    for place in sorted(newest):
        statement = newest[place]
        if removed is not None and when(statement) < when(removed):
            continue
        if statement[VALUE] is not None:
            return statement
        removed = statement
    return removed
