"""Erased identifiers in what others said: a walk over this task's profiles and events that takes them out.

When it begins, a week after the erasure, nothing that names them is under way any more. A refused e-mail stands in the
other person's events, a friend's address in somebody's traits, and no index knows where; so every row is looked at, by its
bytes, between batches. What was asked while a walk runs waits for the next one. A profile that is handed over meanwhile
could pass the cursor: for a day after, what comes of others is looked at when it comes.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

import orjson

from streams.core import profiling, upgrade
from streams.core.context import Context
from streams.core.messages import Adopt, Sent
from streams.core.profile import Fragment, Profile
from streams.core.redaction import Redaction
from streams.core.tables import WATCHED_FOR, Entry
from streams.task.reading import Reader
from streams.task.rows import DOCUMENT, pack, unpack
from streams.task.state import State
from streams.task.timelines import entry_of
from streams.task.working import WorkingTable
from streams.unit import Change, Store

PREFIX = b"r"
LAST = b"\xff\xff"
ROWS_A_SLICE = 500
REDACTION = "redaction"
"""Cause of the timer after which this task forgets what it was to forget."""
_KEPT, _SAID = frozenset({"key", "profile_id"}), frozenset({"traits", "leaves"})
Route = Callable[[list[Sent]], None]
T = TypeVar("T", Profile, Fragment)


class Redactions:
    """Of one task. Rows: `asked` identifier -> until when it is watched for; `walk` [table, cursor, identifiers]."""

    def __init__(self, store: Store, state: State, reader: Reader) -> None:
        self._store, self._state, self._reader = store, state, reader
        self._table: WorkingTable[list[Any]] = WorkingTable(store, "meta", DOCUMENT, PREFIX)
        self._table.prefetch(key[1:].decode() for key, _ in store.scan("meta", PREFIX, PREFIX + b"\xff", 1 << 30))
        self._watched: Redaction | None = None
        self._changed: dict[bytes, bytes] = {}
        self._renew()

    def ask(self, identifier: str, at: int, *, is_guess: bool = False) -> None:
        """To be taken out of everything that this task has, and of what it gets within a day."""
        until = at + WATCHED_FOR
        self._table.put(f"asked/{identifier}", [until, False])
        self._state.timers.arm(until, REDACTION, identifier)
        self._renew()
        pointer = self._state.pointers.get(identifier) if is_guess else None
        if pointer is not None and not pointer.owners:
            self._state.pointers.delete(identifier)

    def end(self, identifier: str, due: int) -> None:
        """A timer: long enough after. A walk that has not passed everything yet has its own list."""
        row = self._table.get(f"asked/{identifier}")
        if row is not None and row[0] <= due and row[1]:
            self._table.delete(f"asked/{identifier}")
            self._renew()
        elif row is not None and row[0] <= due:
            self.ask(identifier, due)

    def is_pending(self) -> bool:
        return self._table.get("walk") is not None or any(not row[1] for _, row in self._asked())

    def come(self, message: Adopt) -> Adopt:
        """What a profile is given, without what is watched for."""
        found = self._watched
        if found is None:
            return message
        return replace(message, fragments=[_without(f, found) for f in message.fragments],
                       entries=[self._entry(entry, found) for entry in message.entries],
                       state=message.state and _without(message.state, found))

    def slice(self, context: Context, now: int, route: Route) -> None:
        """Bring the walk on, or begin one."""
        table, cursor, identifiers = self._table.get("walk") or self._begin()
        found = self._reader.redaction(identifiers)
        rows = self._store.scan(table, cursor, LAST, ROWS_A_SLICE)
        for key, data in rows:
            if found.may_be_in(data):
                if table == "timeline":
                    self._chunk(key, data, found)
                else:
                    self._profile(context, key.decode(), found, now, route)
        if len(rows) == ROWS_A_SLICE:
            self._table.put("walk", [table, rows[-1][0] + b"\x00", identifiers])
        elif table == "timeline":
            self._table.put("walk", ["profiles", b"", identifiers])
        else:
            self._table.delete("walk")

    def _begin(self) -> list[Any]:
        """The events first: what a fragment is folded from anew holds none of it then."""
        waiting = [(key, row) for key, row in self._asked() if not row[1]]
        for key, row in waiting:
            self._table.put(key, [row[0], True])
        return ["timeline", b"", [key.partition("/")[2] for key, _ in waiting]]

    def _chunk(self, key: bytes, data: bytes, found: Redaction) -> None:
        entries = [entry_of(row) for row in unpack(data)]
        cleaned = [self._entry(entry, found) for entry in entries]
        if cleaned != entries and not self._state.timeline.is_touched(key):
            self._changed[key] = pack(cleaned)

    def _entry(self, entry: Entry, found: Redaction) -> Entry:
        """The event, whoever it still names; nothing of the message's own is lost if it names none of them."""
        if not found.may_be_in(entry.raw) and found.identifiers.isdisjoint(entry.identifiers):
            return entry
        message = self._reader.decode(entry.raw)
        cleaned = found.message({**message, "messageId": self._reader.reread(entry).message_id})
        left = tuple(each for each in entry.identifiers if each not in found.identifiers) or entry.identifiers
        return entry._replace(raw=orjson.dumps(cleaned), identifiers=left)

    def _profile(self, context: Context, key: str, found: Redaction, now: int, route: Route) -> None:
        profile = self._state.profiles.get(key)
        if not isinstance(profile, Profile):
            return
        if owned := found.identifiers & profile.identifiers.keys():
            found = self._reader.redaction(found.identifiers - owned)
        cleaned = _without(profile, found)
        if cleaned == profile:
            return
        self._state.profiles.put(key, cleaned)
        route(upgrade.bring_up_to_date(context, cleaned, max(now, cleaned.now), "erasure"))
        profiling.arm(context, cleaned)

    def _asked(self) -> list[tuple[str, list[Any]]]:
        return [(key, row) for key, row in self._table.rows() if key.startswith("asked/")]

    def _renew(self) -> None:
        watched = [key.partition("/")[2] for key, _ in self._asked()]
        self._watched = self._reader.redaction(watched) if watched else None

    def changes(self) -> list[Change]:
        found = [Change("timeline", key, data) for key, data in self._changed.items()]
        self._changed.clear()
        return found + self._table.changes()


def _without(row: T, found: Redaction) -> T:
    """The row without them; its own key, and what its fragments are folded from, stays as it is."""
    cleaned = dict[str, Any]()
    for each in fields(row):
        value = getattr(row, each.name)
        if each.name == "fragments":
            parts = [_without(fragment, found) for fragment in value.values()]
            cleaned[each.name] = {part.key: part for part in parts}
        else:
            clean = found.value if each.name in _SAID else found.key
            cleaned[each.name] = value if each.name in _KEPT else clean(value)
    return replace(row, **cleaned)
