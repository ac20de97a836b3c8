"""Which format a file has, by its name, and its bytes, unpacked."""
from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from streams.core.errors import Misconfigured


class Format(StrEnum):
    JSON_LINES = "JSON Lines"
    CSV = "CSV"
    PARQUET = "Parquet"


SUFFIXES: dict[str, Format] = {
    ".jsonl": Format.JSON_LINES, ".ndjson": Format.JSON_LINES, ".json": Format.JSON_LINES, ".csv": Format.CSV,
    ".tsv": Format.CSV, ".txt": Format.CSV, ".parquet": Format.PARQUET, ".pq": Format.PARQUET}
STDIN = Path("/dev/stdin")
"""What the shell redirects there is a file by another name, not a pipe."""


def format_of(path: Path) -> Format:
    """By the suffix before a `.gz`; a pipe under another name, and `/dev/stdin`, holds JSON Lines. Raises Misconfigured for
    any other name, and for a zipped Parquet file."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    suffix = suffixes[-2 if zipped else -1] if len(suffixes) > zipped else ""
    found = SUFFIXES.get(suffix) or (Format.JSON_LINES if path.is_fifo() or path == STDIN else None)
    if found is None:
        known = ", ".join(SUFFIXES)
        raise Misconfigured((f"{path}: no known format; expected a name that ends in {known}, or so and .gz",))
    if zipped and found is Format.PARQUET:
        raise Misconfigured((f"{path}: Parquet is compressed inside; unpack the .gz first",))
    return found


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, unpacked where it ends in .gz, with their line ends. Raises Misconfigured where it
    cannot be read, also in the middle."""
    number = 0
    try:
        with _opened(path) as stream:
            for number, line in enumerate(stream, 1):  # noqa: B007 - told where reading broke off
                yield line
    except (OSError, EOFError, zlib.error) as failure:
        raise unreadable(path, failure, f" after line {number}" if number else "") from failure


def unreadable(path: Path, failure: Exception, where: str = "") -> Misconfigured:
    match failure:
        case FileNotFoundError():
            why = "there is no such file"
        case IsADirectoryError():
            why = "it is a folder; name the files in it"
        case PermissionError():
            why = "permission denied"
        case EOFError() | zlib.error() | gzip.BadGzipFile():
            why = "the gzip data is cut off or damaged; copy the file again"
        case _:
            why = str(failure).partition("\n")[0]
    return Misconfigured((f"{path}: cannot be read{where}: {why}",))


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix.lower() == ".gz" else path.open("rb")
