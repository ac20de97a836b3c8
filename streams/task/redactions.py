"""Takes erased identifiers out of what others said: a walk over this task's events and profiles, between batches.

A refused e-mail may stand in another person's events, a friend's address in somebody's traits, and no index knows where; so
every row is looked at, by its bytes. The walk begins a week after the erasure, when nothing that names the identifier is
under way any more, and takes at most `MOST` identifiers, as its cost grows with their number; others wait for the next one.
A profile handed over meanwhile could pass the cursor: for a day after, what comes from others is cleaned when it comes.

What names an identifier after it was erased is about somebody who came back with it, and stays."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import Any, TypeVar

import orjson

from streams.core import lapsing, upgrade
from streams.core.intervals import FOREVER
from streams.core.messages import Adopt
from streams.core.profile import Fragment, Profile
from streams.core.redaction import Redaction
from streams.core.tables import UNDER_WAY, WATCHED_FOR, Entry
from streams.task.prefixes import Meta
from streams.task.reading import Reader
from streams.task.rows import PLAIN, entry_of, pack, unpack
from streams.task.state import State
from streams.task.turns import Turn
from streams.task.working import WholeTable
from streams.unit import LAST, Change, Store

ROWS_A_SLICE, MOST = 500, 100
ASKED, WALK = "asked/", "walk"
REDACTION = "redaction"
"""Cause of the timer after which this task forgets what it was to forget."""
SAID = frozenset({"traits", "superseded", "leaves"})
"""Fields of profiles and fragments in which others' words stand."""
NAMED = frozenset({
    "members", "told", "inherited", "suppressed", "sent", "held", "decided", "restrained", "halves", "erasure", "consent"})
"""Fields in which something may be named as `namespace:value`; `identifiers` of a fragment too."""
KEPT = frozenset({
    "key", "profile_id", "identifier", "identifiers", "epoch", "plan", "time_zone", "created", "now", "edition", "timer_at",
    "view_due", "truth", "due", "sequences", "handovers", "early", "cuts", "waiting", "seen", "chunks", "standing", "expiry",
    "aging", "forgotten", "recall", "weight", "joined", "heard", "events", "first_seen", "last_seen", "fragments"})
"""Fields that say who it is, what it waits for, when, and how often: they never change."""
T = TypeVar("T", Profile, Fragment)


class Redactions:
    """Of one task. Rows: `asked` identifier -> [until when it is watched for, whether a walk has it, when
    it was asked]; `walk` [table, cursor, identifiers]."""

    def __init__(self, store: Store, state: State, reader: Reader) -> None:
        self._store, self._state, self._reader = store, state, reader
        self._table: WholeTable[list[Any]] = WholeTable(store, "meta", PLAIN, Meta.REDACTIONS)
        self._watched: list[Redaction] | None = None
        self._walking: Redaction | None = None
        self._changed: dict[bytes, bytes] = {}

    def ask(self, identifier: str, at: int, *, is_guess: bool = False) -> None:
        """Have the identifier taken out of everything that this task has, and of what it gets in the day after."""
        until = at + WATCHED_FOR
        self._table.put(ASKED + identifier, [until, False, at])
        self._state.timers.arm(until, REDACTION, identifier)
        self._watched = None
        pointer = self._state.pointers.get(identifier) if is_guess else None
        if pointer is not None and not pointer.owners:
            self._state.pointers.delete(identifier)

    def end(self, identifier: str, due: int) -> None:
        """The timer: forget what was to be forgotten. A day later if a walk has not passed everything with it yet."""
        until, is_taken, at = self._table.get(ASKED + identifier) or (FOREVER, False, 0)
        if until > due:
            return
        _, _, walked = self._table.get(WALK) or (None, None, ())
        if is_taken and identifier not in walked:
            self._table.delete(ASKED + identifier)
            self._watched = None
            return
        self._table.put(ASKED + identifier, [due + WATCHED_FOR, is_taken, at])
        self._state.timers.arm(due + WATCHED_FOR, REDACTION, identifier)

    def is_pending(self) -> bool:
        return self._table.get(WALK) is not None or any(not is_taken for _, (_, is_taken, _) in self._asked())

    def come(self, message: Adopt) -> Adopt:
        """What a profile is given, without the identifiers that are watched for, unless they are the profile's own by
        now."""
        if self._watched is None:
            watched = [key.removeprefix(ASKED) for key, _ in self._asked()]
            self._watched = [self._reader.redaction(watched[at:at + MOST]) for at in range(0, len(watched), MOST)]
        receiver = self._state.profiles.get(message.profile) if self._watched else None
        own = {fragment.identifier for fragment in message.fragments} | _own(message.state) | _own(receiver)
        for found in (each.without(own) for each in self._watched):
            message = replace(message, fragments=[self._fragment(f, found) for f in message.fragments],
                              entries=[self._entry(entry, found) for entry in message.entries],
                              state=message.state and self._without(message.state, found))
        return message

    def slice(self, turn: Turn) -> None:
        """Bring the walk on, or begin one."""
        table, cursor, identifiers = self._table.get(WALK) or self._begin()
        if self._walking is None or self._walking.identifiers != set(identifiers):
            self._walking = self._reader.redaction(identifiers)
        found, key = self._walking, None
        rows = self._store.scan(table, cursor, LAST, ROWS_A_SLICE)
        for key, data in rows:
            if table == "timeline" and self._state.timeline.is_touched(key):
                self._table.put(WALK, [table, key, identifiers])
                return
            if found.may_be_in(data):
                if table == "timeline":
                    self._chunk(key, data, found)
                else:
                    self._profile(turn, key.decode(), found)
        if key is not None and len(rows) == ROWS_A_SLICE:
            self._table.put(WALK, [table, key + b"\x00", identifiers])
        elif table == "timeline":
            self._table.put(WALK, ["profiles", b"", identifiers])
        else:
            self._table.delete(WALK)

    def _begin(self) -> list[Any]:
        """Events first: then what a fragment is folded from anew has none of it."""
        waiting = [(key, until, at) for key, (until, is_taken, at) in self._asked() if not is_taken][:MOST]
        for key, until, at in waiting:
            self._table.put(key, [until, True, at])
        return ["timeline", b"", [key.removeprefix(ASKED) for key, _, _ in waiting]]

    def _chunk(self, key: bytes, data: bytes, found: Redaction) -> None:
        entries = [entry_of(row) for row in unpack(data)]
        cleaned = [self._entry(entry, found) for entry in entries]
        if cleaned != entries:
            self._changed[key] = pack(cleaned)

    def _entry(self, entry: Entry, found: Redaction) -> Entry:
        """The event, whoever it still names; nothing of the message's own is lost if it names none of them."""
        found = found.without(list(self._back(found, ((each, entry.event_time) for each in entry.identifiers))))
        if not found.may_be_in(entry.raw) and found.identifiers.isdisjoint(entry.identifiers):
            return entry
        message = self._reader.decode(entry.raw)
        cleaned = found.message({**message, "messageId": self._reader.reread(entry).message_id})
        left = tuple(each for each in entry.identifiers if each not in found.identifiers) or entry.identifiers
        return entry._replace(raw=orjson.dumps(cleaned), identifiers=left)

    def _profile(self, turn: Turn, key: str, found: Redaction) -> None:
        profile = self._state.profiles.get(key)
        if not isinstance(profile, Profile):
            return
        cleaned = self._without(profile, found.without(_own(profile)))
        if cleaned == profile:
            return
        self._state.profiles.put(key, cleaned)
        turn.follow(upgrade.bring_up_to_date(turn.context, cleaned, max(turn.now, cleaned.now), "erasure"))
        lapsing.arm(turn.context, cleaned)

    def _asked(self) -> list[tuple[str, list[Any]]]:
        return [(key, row) for key, row in self._table.rows() if key.startswith(ASKED)]

    def _without(self, profile: Profile, found: Redaction) -> Profile:
        fragments = {key: self._fragment(fragment, found) for key, fragment in profile.fragments.items()}
        return _cleaned(replace(profile, fragments=fragments), found)

    def _fragment(self, fragment: Fragment, found: Redaction) -> Fragment:
        """It stays of whom it is; what it was named with goes, unless somebody came back with it."""
        seen = ((each, last) for each, (_, last, *_) in fragment.identifiers.items())
        found = found.without([fragment.identifier, *self._back(found, seen)])
        return replace(_cleaned(fragment, found), identifiers=found.key(fragment.identifiers))

    def _back(self, found: Redaction, named: Iterable[tuple[str, int]]) -> Iterator[str]:
        """Those named later than they were erased: until they are somebody's again, no event names them."""
        for identifier, at in named:
            row = self._table.get(ASKED + identifier) if identifier in found.identifiers else None
            _, _, asked_at = row or (None, None, FOREVER)
            if at > asked_at - UNDER_WAY:
                yield identifier

    def changes(self) -> list[Change]:
        found = [Change("timeline", key, data) for key, data in self._changed.items()]
        self._changed.clear()
        return found + self._table.changes()


def _own(row: object) -> set[str]:
    """The identifiers of a profile, whatever it was that was found."""
    return set(row.identifiers) if isinstance(row, Profile) else set()


def _cleaned(row: T, found: Redaction) -> T:
    """The row without them, but for what it is, and its fragments."""
    cleaned = dict[str, Any]()
    for each in fields(row):
        value = getattr(row, each.name)
        if each.name in SAID:
            cleaned[each.name] = found.value(value)
        elif each.name in NAMED:
            cleaned[each.name] = found.key(value)
    return replace(row, **cleaned)
