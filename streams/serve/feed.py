"""Files of memberships for platforms that take uploads: full or delta, and the note of where the next delta begins.

A file appears whole or not at all (written beside, synced, renamed), and the note is renamed into place after it. A kill
between the two makes the next run write the same number again, with at least the same content: nothing is left out.
"""
from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from connectors.delivery.durable import appearing, write_json_lines
from connectors.delivery.parquet import Kind, write_parquet
from streams.core.errors import Misconfigured

COLUMNS = ("identifier", "segments", "at")
NOTE = "position.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """After file `number` (0: none yet), of `topic`, at `at` (ms): the next delta begins at `positions`. topic_id: Kafka's,
    which another topic of that name does not have; empty where it was not noted."""

    number: int = 0
    topic: str = ""
    topic_id: str = ""
    at: int = 0
    positions: Mapping[int, int]

    @classmethod
    def read(cls, folder: Path) -> Note:
        """The note in the folder; an empty one if there is none. Misconfigured if it is damaged."""
        file = folder / NOTE
        if not file.exists():
            return cls(positions={})
        try:
            found = orjson.loads(file.read_bytes())
            return cls(number=int(found["number"]), topic=str(found["topic"]), at=int(found["at"]),
                       topic_id=str(found.get("topic_id", "")),
                       positions={int(partition): int(offset) for partition, offset in found["positions"].items()})
        except (ValueError, KeyError, TypeError, AttributeError) as failure:
            raise Misconfigured((f"{file} is no position of a feed ({type(failure).__name__}); remove it, and the next "
                                 "export is a full one",)) from failure

    def write(self, folder: Path) -> None:
        positions = {str(partition): offset for partition, offset in self.positions.items()}
        with appearing(folder / NOTE) as part:
            part.write_bytes(orjson.dumps({
                "number": self.number, "topic": self.topic, "topic_id": self.topic_id, "at": self.at,
                "positions": positions}))


def write(path: Path, rows: Iterable[bytes]) -> int:
    """Writes JSON rows in the format that the path's suffix names (a key of FORMATS); how many they were."""
    count = 0

    def counted() -> Iterator[bytes]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    with appearing(path) as part:
        FORMATS[path.suffix.removeprefix(".")](part, counted())
    return count


def _csv(part: Path, rows: Iterable[bytes]) -> None:
    """Segments joined by spaces, which no id has; `at` empty for the deleted."""
    with part.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for row in map(orjson.loads, rows):
            table.writerow((row["identifier"], " ".join(row["segments"]), row["at"]))


def _parquet(part: Path, rows: Iterable[bytes]) -> None:
    write_parquet(part, {"identifier": Kind.TEXT, "segments": Kind.TEXTS, "at": Kind.MOMENT}, map(orjson.loads, rows))


FORMATS: Mapping[str, Callable[[Path, Iterable[bytes]], None]] = {
    "jsonl": write_json_lines, "csv": _csv, "parquet": _parquet}
