"""The tasks' state as Faust tables: `faust tables` lists them, pages can read them, nobody can write them.

Only the unit of work writes state: what an agent wrote would be outside the transaction.
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


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise TypeError("State is written by the unit of work, and restored by streams.runtime.state.restore; the changelog is "
                    "its backup")


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

    __setitem__ = __delitem__ = apply_changelog_batch = backup_partition = restore_backup = _refuse

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


class CommittedTable(Table[bytes, bytes]):
    """A Faust table over committed state."""

    logger = SERVICES

    def _new_store(self) -> CommittedState:
        return CommittedState("tasks://", self.app, self, key_type=bytes, value_type=bytes)

    async def on_start(self) -> None:
        """The changelog is created with all other topics, by `streams.runtime.kafka.topics`."""
        await self.add_runtime_dependency(self.data)
