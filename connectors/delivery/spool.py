"""Rows to files that appear whole, each row in exactly one: what destinations that write files have in common.

A row is first kept in a journal, and counts as delivered then: a file for each call would make thousands of tiny ones. A
journal that is full or old is sealed and becomes the next numbered file. The order of `publish` is the guarantee; a restart
goes on at the step that was reached. The ids in the open and in the last sealed journal are remembered, which covers what
an engine repeats after a kill: the last call's activations.
"""
from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO, Any, TypeAlias

import orjson

from connectors.delivery.durable import appearing, append_whole, cut_torn_line, sync_folder

Write: TypeAlias = Callable[[Path, Iterator[bytes]], None]
"""Writes JSON rows to a path in some format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`id` is its activation's, `at` that one's time (epoch ms), `value` a JSON object."""

    id: str
    at: int
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """A file ends with the call that fills it, or `seconds` after its first row."""

    rows: int = 100_000
    megabytes: float = 64
    seconds: float = 300


@dataclass(slots=True)
class _Open:
    """The journal that is being filled."""

    ids: set[str] = field(default_factory=set)
    size: int = 0
    since: int = 0


class Spool:
    """One process writes to a name in a folder at a time; its files are `NAME-0000000001.SUFFIX` and so on, and
    `NAME.manifest.jsonl` has a line for each. Every call may raise OSError, and has then changed nothing that counts."""

    def __init__(self, folder: Path, name: str, suffix: str, write: Write, rolling: Rolling) -> None:
        self._folder, self._name, self._suffix = folder, name, suffix
        self._write = write
        self._rolling = rolling
        self._journal = folder / f".{name}.open"
        self._manifest = folder / f"{name}.manifest.jsonl"
        self._lock: IO[bytes] | None = None
        self._mutex = Lock()
        self._number = 0
        self._open = _Open()
        self._earlier: frozenset[str] = frozenset()

    def keep(self, rows: Sequence[Row], at: int) -> str:
        """All rows are kept, those that were kept before not again; the name of the file they will be in."""
        with self._whole():
            if self.due_in(at) == 0:
                self._seal()
            self._append(rows, at)
            return self._file(self._number + 1).name

    def due_in(self, at: int) -> float | None:
        """Seconds until what is kept should become a file; None while there is nothing."""
        if not self._open.ids:
            return None
        if len(self._open.ids) >= self._rolling.rows or self._open.size >= self._rolling.megabytes * 1e6:
            return 0
        return max(0.0, self._rolling.seconds - (at - self._open.since) / 1000)

    def publish(self) -> None:
        """What is kept becomes a file: 1. the journal is sealed, 2. the file appears, 3. the manifest names it, and
        only then 4. the journal before it is forgotten. Step 1 fixes what the file holds, whatever fails after it."""
        with self._whole():
            if self._open.ids:
                self._seal()

    def release(self) -> None:
        """Lets go of the folder, when a call under way has ended."""
        with self._mutex:
            self._let_go()

    def _let_go(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """One at a time: a caller that is cancelled leaves its thread at work. After a failure memory and disk may
        differ: the next call begins with what is on the disk."""
        with self._mutex:
            try:
                self._begin()
                yield
            except BaseException:
                self._let_go()
                raise

    def _append(self, rows: Sequence[Row], at: int) -> None:
        fresh = [row for row in rows if row.id not in self._open.ids and row.id not in self._earlier]
        data = b"".join(_line(row, at) for row in fresh)
        if data:
            append_whole(self._journal, data)
            self._open.since = self._open.since if self._open.ids else at
            self._open.size += len(data)
            self._open.ids |= {row.id for row in fresh}

    def _seal(self) -> None:
        self._journal.replace(self._sealed(self._number + 1))
        sync_folder(self._folder)
        self._earlier, self._open = frozenset(self._open.ids), _Open()
        self._finish()

    def _finish(self) -> None:
        """Steps 2 to 4, if there is a sealed journal that the manifest does not know."""
        number = self._number + 1
        sealed = self._sealed(number)
        if sealed.exists():
            rows, first, last = _extent(sealed)
            with appearing(self._file(number)) as part:
                self._write(part, (orjson.dumps(each["row"]) for each in _lines(sealed)))
                size, digest = part.stat().st_size, _digest(part)
            append_whole(self._manifest, orjson.dumps({
                "number": number, "file": self._file(number).name, "rows": rows, "bytes": size, "sha256": digest,
                "first_at": first, "last_at": last}) + b"\n")
            self._number = number
        for old in self._numbered("sealed"):
            if old != self._number:
                self._sealed(old).unlink()

    def _begin(self) -> None:
        """Takes the folder and goes on where the last one stopped; also finishes what a full disk interrupted."""
        if self._lock is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / f".{self._name}.lock").open("ab")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._recover()
            except OSError:
                lock.close()
                raise
            self._lock = lock
        self._finish()

    def _recover(self) -> None:
        if self._manifest.exists():
            cut_torn_line(self._manifest)
        self._number = max((each["number"] for each in _lines(self._manifest)), default=self._last_without_manifest())
        sealed = [path for number in (self._number, self._number + 1) if (path := self._sealed(number)).exists()]
        self._earlier = frozenset(each["id"] for path in sealed for each in _lines(path))
        self._open = _Open()
        if self._journal.exists():
            cut_torn_line(self._journal)
            self._open = _Open(ids={each["id"] for each in _lines(self._journal)}, size=self._journal.stat().st_size,
                               since=min((each["kept_at"] for each in _lines(self._journal)), default=0))

    def _last_without_manifest(self) -> int:
        """A first start, or somebody removed the manifest: no other's file is overwritten. Whether the manifest named
        the last sealed journal nobody knows; its file is written again, with the same name and content."""
        last = max(self._numbered(f"(?:sealed|{self._suffix})"), default=0)
        return last - self._sealed(last).exists()

    def _numbered(self, suffix: str) -> list[int]:
        """The numbers of its files with that suffix, and of no other's: a name may begin as this one does."""
        pattern = re.compile(rf"\.?{re.escape(self._name)}-([0-9]{{10}})\.{suffix}")
        return [int(match[1]) for path in self._folder.iterdir() if (match := pattern.fullmatch(path.name))]

    def _file(self, number: int) -> Path:
        return self._folder / f"{self._name}-{number:010}.{self._suffix}"

    def _sealed(self, number: int) -> Path:
        return self._folder / f".{self._name}-{number:010}.sealed"


def _line(row: Row, at: int) -> bytes:
    return orjson.dumps({"id": row.id, "at": row.at, "kept_at": at, "row": orjson.Fragment(row.value)}) + b"\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        with path.open("rb") as file:
            yield from map(orjson.loads, file)


def _extent(journal: Path) -> tuple[int, int, int]:
    """Rows, and the earliest and latest of their times."""
    times: list[int] = [each["at"] for each in _lines(journal)]
    return len(times), min(times), max(times)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
