"""The tasks' state as Faust tables: `faust tables` lists them, pages can read them, nobody can write them.

Written only by the unit of work. A table that could be written from an agent would be outside the transaction.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from faust.stores.base import Store
from faust.tables.table import Table
from faust.types import TP

from streams.core.errors import Misconfigured
from streams.runtime.logs import SERVICES
from streams.runtime.work.opening import forget_states


class CommittedState(Store[bytes, bytes]):
    """Reads one table of the tasks that run on this worker, as last committed. Keys and values are bytes."""

    logger = SERVICES
    app: Any
    """An AudienceApp; Faust knows its interface only."""

    def __getitem__(self, key: bytes) -> bytes:
        for state in self.app.states():
            [value] = state.get(self.table.name, [key])
            if value is not None:
                return bytes(value)
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, bytes) and any(state.get(self.table.name, [key])[0] for state in self.app.states())

    def __iter__(self) -> Iterator[bytes]:
        """Not offered: a task holds millions of keys."""
        return iter(())

    def __len__(self) -> int:
        return 0

    def __setitem__(self, key: bytes, value: bytes) -> NoReturn:
        raise TypeError("State is written by the unit of work only")

    def __delitem__(self, key: bytes) -> NoReturn:
        raise TypeError("State is written by the unit of work only")

    def apply_changelog_batch(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("State is restored by streams.runtime.state.restore")

    def persisted_offset(self, tp: TP) -> None:
        return None

    def reset_state(self) -> None:
        """What `faust reset` calls, once a table; a task has all its tables in one folder, so the first call deletes all."""
        try:
            forget_states(self.app.settings)
        except Misconfigured as failure:
            raise SystemExit(str(failure)) from failure

    async def need_active_standby_for(self, tp: TP) -> bool:
        return False

    async def backup_partition(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("The changelog is the backup")

    def restore_backup(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("The changelog is the backup")


class CommittedTable(Table[bytes, bytes]):
    """A Faust table over committed state."""

    logger = SERVICES

    def _new_store(self) -> CommittedState:
        return CommittedState("tasks://", self.app, self, key_type=bytes, value_type=bytes)

    async def on_start(self) -> None:
        """The changelog is created with all other topics, by `streams.runtime.kafka.topics`."""
        await self.add_runtime_dependency(self.data)
