"""Kafka's calls, made again until they succeed or cannot: what a broker's absence means is decided here only."""
from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

from streams.runtime.exits import Exit, Stop
from streams.runtime.kafka.errors import error_of, in_words, is_fenced, is_passing

log = logging.getLogger(__name__)

Result = TypeVar("Result")

CALL = 10.0
"""Seconds one call may take before it is looked at and made again."""
PATIENCE = 60.0
"""Seconds a broker may be out of reach; then the worker ends, and its supervisor waits."""
STUCK = 20.0
"""Seconds for which a broker may answer others but not this client; then the worker ends, and its next start connects anew.
After a broker's restart librdkafka 2.16 may never find its transaction coordinator again."""
OVERDUE = 2 * CALL
"""Seconds after which a call that was to return within `CALL` is taken for one that never will: librdkafka's now and then
waits without a look at its time limit when a broker comes back."""

_begun: dict[int, tuple[str, float]] = {}
"""Threads that are in a call now, in which, and since when."""


class Aborted(Exception):
    """The transaction cannot be completed, but nobody fenced us: abort it and do the same unit again."""


def persistently(what: str, call: Callable[[], Result], is_there: Callable[[], bool] = lambda: False) -> Result:
    """Makes the call until it succeeds; raises Aborted or Stop when it cannot. Kafka's calls may be repeated. is_there:
    whether Kafka answers another client; asked when the call has failed."""
    deadline = monotonic() + PATIENCE
    while True:
        try:
            return _watched(what, call)
        except KafkaException as failure:
            error = error_of(failure)
            if is_fenced(error):
                raise Stop(Exit.FENCED, _fenced(what, error)) from failure
            if error.txn_requires_abort():
                raise Aborted(f"{what}: {in_words(error)}") from failure
            if not is_passing(error) or monotonic() > deadline:
                cause = "do its brokers run?" if is_passing(error) else "do its settings allow that to this client?"
                raise Stop(Exit.BROKER, f"Kafka did not do what was asked ({what}): {in_words(error)}; {cause}") from failure
            if is_there():
                deadline = min(deadline, monotonic() + STUCK)
            log.warning("%s: %s; trying again", what, in_words(error))
            sleep(0.1)


class CallWatch:
    """Finds calls that do not return, which their own thread cannot see. One thread asks it, every few seconds."""

    def __init__(self) -> None:
        self._overdue: set[tuple[int, str, float]] = set()

    def stuck(self) -> str | None:
        """A call that is overdue and was so when this was last asked. Overdue only once is every call of a process that was
        itself halted."""
        now, before = monotonic(), self._overdue
        under_way = [(thread, what, since) for thread, (what, since) in list(_begun.items())]
        self._overdue = {each for each in under_way if now - each[2] > OVERDUE}
        return next((what for _, what, _ in before & self._overdue), None)


def _watched(what: str, call: Callable[[], Result]) -> Result:
    thread = threading.get_ident()
    _begun[thread] = what, monotonic()
    try:
        return call()
    except SystemError as failure:
        # confluent-kafka 2.16 raises what ended the client, and then calls back all the same for the records that are lost.
        if isinstance(failure.__cause__, KafkaException):
            raise failure.__cause__ from None
        raise
    finally:
        del _begun[thread]


def _fenced(what: str, error: KafkaError) -> str:
    return (f"{what}: {in_words(error)}: another worker has this task now, or Kafka was away for longer than a transaction "
            "may take. If that goes on: have two workers the same AUDIENCE_INSTANCE?")
