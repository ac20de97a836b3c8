"""What reading a file yields: one `Row` for every message, and one for every row that gave none."""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.core.errors import Misconfigured
from streams.core.values import Json


class Row(NamedTuple):
    """One message of a file, or the reason why a row is none.

    `line` is where the row begins: the line (from 1) in JSON Lines and CSV, the row's number (from 1) in Parquet; messages
    of one row share it. Without a `reason`, `raw` goes to the pipeline, and `message` is what it says, None for a line that
    is no JSON object, which the pipeline's intake judges. With a `reason` the mapping made no message of the row, and `raw`
    is the row as JSON, for the list of rejected rows. A reason names columns and never holds a value.
    """

    line: int
    message: dict[str, Json] | None
    reason: str | None
    raw: bytes


class Record(NamedTuple):
    """A row of a table before the mapping: its columns, or what is wrong with it."""

    line: int
    columns: dict[str, Json]
    problem: str | None = None


class Beyond:
    """Stands for a value of a file that Python cannot hold."""

    def __str__(self) -> str:
        return "?"


class Narrow(float):
    """A float of a file that kept it in fewer than 64 bits, so large that its last digits may be lost."""


def refuse_twice(where: str, names: Sequence[str]) -> None:
    """Misconfigured if two columns have the same name."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Misconfigured(tuple(f"{where}: two columns are called '{name}'; rename one" for name in twice))
