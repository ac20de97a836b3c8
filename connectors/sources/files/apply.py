"""Turns the rows of one file into messages, as a section of the mapping says."""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

import orjson

from connectors.sources.files.lookups import Columns, Lookups
from connectors.sources.files.mapping import Condition, Message, Section, Target, Unmatched
from connectors.sources.files.readers import Reader, reader
from connectors.sources.files.row import Record, Row
from connectors.sources.files.targets import EXTERNAL
from streams.core.errors import Rejected
from streams.core.segments import rules
from streams.core.segments.comparisons import Check, compile_comparison
from streams.core.values import Json

NONE_MATCHED = "no message's `when` holds for this row; add one, or say `unmatched: skip`"


class _Plan(NamedTuple):
    """A message of the mapping, ready to be made of rows."""

    fields: tuple[tuple[Target, Reader], ...]
    when: tuple[tuple[Reader, Check], ...]

    def holds(self, columns: Columns) -> bool:
        return all(check(read(columns)) for read, check in self.when)

    def message(self, columns: Columns) -> dict[str, Json]:
        made: dict[str, Json] = {}
        for target, read in self.fields:
            found = read(columns)
            if found is not None:
                _put(made, target, found)
        return made


class Mapper:
    """Maps each row whole or not at all: where one of its messages fails none is made, so that half a row never counts."""

    def __init__(self, section: Section, lookups: Lookups) -> None:
        self._skips = section.unmatched is Unmatched.SKIP
        self._plans = tuple(_plan(message, lookups) for message in section.messages)

    def rows(self, record: Record) -> Iterator[Row]:
        """One `Row` per message, or one with a reason if the row makes none (with `unmatched: skip` nothing)."""
        if record.problem is not None:
            yield _rejected(record, record.problem)
            return
        try:
            messages = [plan.message(record.columns) for plan in self._plans if plan.holds(record.columns)]
            rows = [Row(record.line, message, None, orjson.dumps(message)) for message in messages]
        except Rejected as failure:
            yield _rejected(record, failure.reason)
        except (orjson.JSONEncodeError, RecursionError) as failure:
            advice = "is it nested too deeply, or `encoding:` wrong?"
            yield _rejected(record, f"the row cannot be written as JSON ({failure}); {advice}")
        else:
            if not rows and not self._skips:
                yield _rejected(record, NONE_MATCHED)
            yield from rows


def _plan(message: Message, lookups: Lookups) -> _Plan:
    return _Plan(
        tuple((target, reader(value, lookups)) for target, value in message.fields),
        tuple((reader(each.value, lookups), _check(each)) for each in message.when))


def _check(condition: Condition) -> Check:
    """A mapping's comparisons are those of segments that depend neither on the clock nor on a pattern."""
    comparison = rules.Comparison(operator=rules.Operator(condition.comparison), operand=condition.operand)
    check = compile_comparison(comparison, _no_pattern).check
    assert check is not None, f"{condition.comparison} depends on the clock"
    return check


def _no_pattern(pattern: str) -> NoReturn:
    raise AssertionError(f"no comparison of a mapping has a pattern: {pattern}")


def _put(made: dict[str, Json], target: Target, value: Json) -> None:
    if target[0] == EXTERNAL:
        identities = made.setdefault("context", {}).setdefault(EXTERNAL, [])
        identities.append({"id": value, "type": target[1]})
        return
    for name in target[:-1]:
        made = made.setdefault(name, {})
    made[target[-1]] = value


def _rejected(record: Record, reason: str) -> Row:
    """Keeps the whole row, lone surrogates (bytes of another encoding) and times included; of one that is nested too deeply
    to be written, its columns' names."""
    try:
        raw = json.dumps(record.columns, default=str)
    except RecursionError:
        raw = json.dumps(dict.fromkeys(record.columns))
    return Row(record.line, None, reason, raw.encode())
