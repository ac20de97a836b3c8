"""JSON Lines: messages as they are, or rows for a mapping."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson

from connectors.sources.files.formats import lines
from connectors.sources.files.row import Record, Row

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def messages(path: Path) -> Iterator[Row]:
    """Every line that is not blank, without leading white space. A line that is no JSON object is passed on too: the intake
    says what is wrong with it."""
    for number, line in _lines(path):
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            found = None
        yield Row(number, found if isinstance(found, dict) else None, None, line)


class JsonTable:
    """Iterating gives the rows; every row has columns of its own."""

    names: tuple[str, ...] | None = None

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[Record]:
        for number, line in _lines(self._path):
            try:
                found = orjson.loads(line)
            except orjson.JSONDecodeError:
                yield Record(number, {}, "the line is no JSON; was it cut?")
                continue
            if isinstance(found, dict):
                yield Record(number, {name: value for name, value in found.items() if value is not None})
            else:
                yield Record(number, {}, "the line is JSON, but no object; expected {…}")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(lines(path), 1):
        content = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
        content = content.lstrip().rstrip(b"\r\n")
        if content:
            yield number, content
