"""Puts definitions in force in a task: documents are staged one by one, and count all at once with their revision.

`apply` writes to one partition of `definitions`. The task that reads it hands every change on to all partitions of
`commands`, so that each task sees a revision at one place among its own records, and again there after a recovery."""
from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from math import inf
from typing import Any

import orjson
import re2

from streams.core.definitions import Campaign, Definitions, Status
from streams.core.errors import Misconfigured
from streams.core.press import Pressed
from streams.core.segments.plan import Plan, compile_plan
from streams.definitions import build
from streams.definitions.lists import as_text
from streams.task.prefixes import Meta
from streams.task.rows import DOCUMENT, PLAIN, Documented
from streams.task.wire import Staged
from streams.task.working import WholeTable, WorkingTable
from streams.unit import Change, Store

UNFIT = (Misconfigured, ValueError, ArithmeticError, RecursionError, TypeError, LookupError, AttributeError)
"""What definitions that cannot be put in force raise. A task that let one out would end its worker, and again each time
that it reads the revision."""


def regex(pattern: str) -> Callable[[str], bool]:
    """RE2: linear in the length of the text, whatever the pattern."""
    compiled = re2.compile(pattern)
    return lambda text: compiled.search(text) is not None


def _is_pace(per_second: float | None) -> bool:
    return per_second is None or 0 < per_second < inf


class _Documents:
    """Rows by key, that are equal if a hash over all of them is: so the cache keeps no second copy of long lists."""

    def __init__(self, rows: Mapping[str, Documented]) -> None:
        self.rows = rows
        compiled = {key: (row.document, row.version, row.state) for key, row in rows.items()}
        self._digest = blake2b(orjson.dumps(compiled), digest_size=16).digest()

    def __hash__(self) -> int:
        return hash(self._digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Documents) and other._digest == self._digest


@lru_cache(maxsize=16)
def _compiled(documents: _Documents, revision: int) -> Plan:
    """Shared by the tasks of a worker, which all have the same definitions sooner or later."""
    rows, documents.rows = documents.rows, {}
    written = {key: row.document for key, row in rows.items()}
    parsed = build(written, revision, {key: row.version for key, row in rows.items()})
    return compile_plan(_with_states(parsed, {key: row.state for key, row in rows.items()}), regex)


def _with_states(parsed: Definitions, states: dict[str, str | None]) -> Definitions:
    def decided(campaign: Campaign) -> Campaign:
        state = states.get(f"campaign/{campaign.id}")
        return replace(campaign, status=Status(state)) if state else campaign

    return replace(parsed, campaigns=tuple(map(decided, parsed.campaigns)))


class Revisions:
    """The definitions of one task, as state: document rows in force and staged, and the numbers that go with them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.documents: WholeTable[Documented] = WholeTable(store, "meta", DOCUMENT, Meta.DOCUMENTS)
        self.staged: WholeTable[Documented] = WholeTable(store, "meta", DOCUMENT, Meta.STAGED)
        self.numbers: WorkingTable[Any] = WorkingTable(store, "meta", PLAIN, Meta.NUMBERS)
        self.numbers.prefetch(("sweep", "complete"))  # whoever asks `building` from another thread reads nothing in
        self._changed: WholeTable[int] = WholeTable(store, "meta", PLAIN, Meta.CHANGED_SEGMENTS)

    def stage(self, message: Staged) -> None:
        """Announced, and not yet in force."""
        self.staged.put(message.key, Documented(message.document, message.version, message.state, message.press))

    def faults(self, revision: int) -> str:
        """What speaks against putting in force what was staged, empty if nothing does: somebody wrote past `apply`, or by
        rules that this version does not know. It stays staged, and comes in force with what fixes it."""
        rows = dict(sorted({**dict(self.documents.rows()), **dict(self.staged.rows())}.items()))
        if unpaced := [key for key, row in self.staged.rows() if row.press and not _is_pace(row.press.per_second)]:
            return f"{', '.join(unpaced)}: per_second of the press is no number above 0"
        try:
            _compiled(_Documents({key: row for key, row in rows.items() if row.document is not None}), revision)
        except UNFIT as fault:
            return str(fault)
        return ""

    def put_in_force(self, revision: int) -> None:
        """What was staged is in force from now on."""
        for key, row in self.staged.rows():
            if row.document is None:
                self.documents.delete(key)
            else:
                self.documents.put(key, row)
            self.staged.delete(key)
        self.numbers.put("revision", revision)
        self.next_edition()

    def next_edition(self) -> int:
        """Every profile is to be brought up to date: the sweep begins anew."""
        edition = self.edition + 1
        self.numbers.put("edition", edition)
        self.numbers.put("sweep", "")
        return edition

    def note_changed(self, segments: Collection[str], defined: Collection[str]) -> None:
        """These segments mean something new since this edition. Nothing is known any more of those that are not
        `defined`."""
        for segment, _ in self._changed.rows():
            if segment not in defined:
                self._changed.delete(segment)
        for segment in sorted(segments):
            self._changed.put(segment, self.edition)

    def complete(self) -> None:
        """The sweep has passed every profile."""
        self.numbers.delete("sweep")
        self.numbers.put("complete", self.edition)

    def building(self) -> frozenset[str]:
        """Segments whose present meaning has not reached every profile. From any thread."""
        if self.numbers.get("sweep") is None:
            return frozenset()
        complete = self.numbers.get("complete") or 0
        return frozenset(segment for segment, edition in self._changed.rows() if edition > complete)

    def presses(self) -> dict[str, Pressed]:
        """The last press of each campaign's button, of those that are defined."""
        campaigns = {key.removeprefix("campaign/"): row for key, row in self.documents.rows() if key.startswith("campaign/")}
        return {campaign: row.press for campaign, row in campaigns.items() if row.press}

    @property
    def edition(self) -> int:
        return self.numbers.get("edition") or 0

    def plan(self) -> Plan:
        """The plan of what is in force."""
        return _compiled(_Documents(dict(self.documents.rows())), self.numbers.get("revision") or 0)

    def plan_with(self, documents: Mapping[str, Any]) -> Plan:
        """The plan that there would be if these were applied (as `lists.as_bytes` gives them), None deletes.
        One of UNFIT where what is in force and they do not fit."""
        rows = {key: row for key, row in self.documents.rows() if key not in documents}
        rows |= {key: Documented(document, 0, None) for key, document in as_text(documents).items() if document is not None}
        return _compiled(_Documents(dict(sorted(rows.items()))), self.numbers.get("revision") or 0)

    def changes(self) -> list[Change]:
        return self.documents.changes() + self.staged.changes() + self.numbers.changes() + self._changed.changes()
