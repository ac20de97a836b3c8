"""How one change of state looks in the changelog: the table's code, then the key; the value as it is.

One topic for all tables, so that a task has one position: with a topic each, six positions would have to be committed,
restored and compared together, and a transaction would touch six partitions.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from streams.topology import TABLES
from streams.unit import Change

CODES: Mapping[str, bytes] = {table.name: table.code for table in TABLES}
NAMES: Mapping[int, str] = {table.code[0]: table.name for table in TABLES}


def messages(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """The changes as messages for `Producer.produce_batch`; a value of None is a tombstone."""
    codes = CODES
    return [{"key": codes[table] + key, "value": value} for table, key, value in changes]
