"""The unit of work: one batch of records of one task, one transaction.

Taking a task over:                            A batch:
  (1) fence the former owner                     (1) decode every record
  (2) restore the state to the changelog's end   (2) read the state it needs
  (3) read the committed offsets                 (3) step, record by record, then due timers
  (4) seek there                                 (4) produce changelog, sends and outputs
  (5) start                                      (5) send offsets and commit
                                                 (6) write the state, with its position in the changelog
                                                 (7) acknowledge to Faust

The order is the guarantee. Fenced before restored: else the former owner could still append behind the end that was read.
Restored before the offsets are read, and both after fencing: else they would belong to different moments. Produced before
committed: what a transaction does not hold is not committed with it. Committed before written: state that ran ahead of the
log would count a batch twice after a crash. Written before acknowledged: Faust must not believe what the next read would not
show. tests/pipeline/test_unit_of_work_order.py fails for each pair swapped.

Steps 1 to 3 of a batch are the processor's own (`streams.unit.Processor.run`); 4 and 5 of a takeover are
the crew's, because one consumer serves all tasks (`streams.runtime.work.crew`).
"""
from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, sleep, thread_time
from typing import Protocol

from streams.runtime.exits import Exit, Stop
from streams.runtime.kafka.calls import Aborted
from streams.runtime.state.marks import has_mark
from streams.runtime.state.store import STATE_VERSION, VERSION, refuse_other
from streams.runtime.work.portion import Portion
from streams.unit import Change, Inbound, Outbound, Outcome, Processor, Store

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds in which an aborted unit is done again before the worker ends: longer than a broker's restart."""
PAUSE = 0.2
"""Seconds between two attempts."""


class Log(Protocol):
    """What the unit needs of Kafka; `streams.runtime.work.kafka_log.KafkaLog` says what each call promises."""

    def fence(self) -> None: ...
    def committed(self, *, has_state: bool) -> dict[str, int]: ...
    def begin(self) -> None: ...
    def produce(self, changes: Iterable[Change], sends: Iterable[Outbound]) -> None: ...
    def commit(self, offsets: Mapping[str, int], reached: int) -> int | None: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


class State(Store, Protocol):
    """What the unit needs of the local state; see `streams.runtime.state.store.TaskStore`."""

    position: int

    @property
    def version(self) -> int: ...
    def write(self, changes: Iterable[Change], position: int, wall: int) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records in the order to handle them, the offsets behind them, what to call once they are settled.

    reached: the instant (ms) up to which the task has handled everything once this batch is committed. has_turn: background
    work may be done with it, if it has no records.
    """

    records: Sequence[Inbound] = ()
    offsets: Mapping[str, int]
    reached: int = 0
    has_turn: bool = True
    acknowledge: Callable[[], None]

    def is_written(self, outcome: Outcome) -> bool:
        """Whether there is anything to commit of it."""
        return bool(outcome.changes or outcome.sends or self.offsets)


class UnitOfWork:
    """One task as long as this worker owns it. One thread at a time."""

    def __init__(
        self, *, log: Log, state: State, restore: Callable[[], None],
        new_processor: Callable[[Store], Processor], mark: Change | None = None,
    ) -> None:
        """mark: goes into a state that has none, with its next change; a state with another one is not taken over."""
        self._log = log
        self.state = state
        self._restore = restore
        self._new_processor = new_processor
        self._mark = mark
        self.processor: Processor
        self.offsets: dict[str, int] = {}
        """Where to go on: what is committed, by input topic."""
        self.commit_seconds = 0.0
        """How long the last commit took."""
        self._portion = Portion()

    def take_over(self) -> None:
        """Makes this worker the owner; afterwards `offsets` is where to seek and `processor` is ready."""
        self._log.fence()  # (1)
        self._restore()  # (2)
        refuse_other(self.state.version)
        if self._mark is not None and has_mark(self.state, self._mark):
            self._mark = None
        self.offsets = self._log.committed(has_state=self.state.version > 0)  # (3)
        self.processor = self._new_processor(self.state)

    def run(self, batch: Batch, wall: int, timers_until: int) -> Outcome:
        """Handles the batch and settles it. If it raises, nothing more may be done with this task.

        A transaction that Kafka asks to abort (a restarted broker) is aborted, and the same records are
        handled again by a new processor: the old one holds what was not committed.
        """
        deadline = monotonic() + PATIENCE
        while True:
            try:
                return self._run(batch, wall, timers_until)
            except Aborted as failure:
                self._give_up_transaction(failure, deadline)

    def close(self) -> None:
        """Lets the task go. Safe at any moment: what is not committed is as if it had never been."""
        self.state.close()
        self._log.close()

    def _run(self, batch: Batch, wall: int, timers_until: int) -> Outcome:
        outcome = self._process(batch, wall, timers_until)  # (1) (2) (3)
        if batch.is_written(outcome):
            changes = self._with_marks(outcome.changes)
            self._log.begin()
            self._log.produce(changes, outcome.sends)  # (4)
            position = self._commit(batch)  # (5)
            self.state.write(changes, self.state.position if position is None else position, wall)  # (6)
            self.offsets.update(batch.offsets)
            self._mark = None if changes else self._mark
        batch.acknowledge()  # (7)
        return outcome

    def _process(self, batch: Batch, wall: int, timers_until: int) -> Outcome:
        started = thread_time()
        outcome = self.processor.run(batch.records, wall, timers_until, self._portion.share, has_turn=batch.has_turn)
        if not batch.records:
            self._portion.learn(thread_time() - started)
        return outcome

    def _commit(self, batch: Batch) -> int | None:
        started = monotonic()
        try:
            return self._log.commit(batch.offsets, batch.reached)
        finally:
            self.commit_seconds = monotonic() - started

    def _with_marks(self, changes: list[Change]) -> list[Change]:
        if changes and self._mark is not None:
            changes = [self._mark, *changes]
        return [VERSION, *changes] if changes and self.state.version < STATE_VERSION else changes

    def _give_up_transaction(self, failure: Aborted, deadline: float) -> None:
        if monotonic() > deadline:
            raise Stop(Exit.BROKER, f"The same batch was aborted for {PATIENCE:g} s: {failure}") from failure
        log.warning("Transaction aborted (%s); the batch is handled again", failure)
        self._log.abort()
        self.processor = self._new_processor(self.state)
        sleep(PAUSE)
