"""How a worker ends: the codes a supervisor sees, and the exception that asks for the end.

The runtime is crash-only. After a failure between produce and write nobody can know what is in memory, so the process ends
at once, without clean-up, and the next start finds all it needs in Kafka. Restarting the task inside the process would be a
second way to recover, rarely taken and therefore wrong.
"""
from __future__ import annotations

import errno
import logging
import os
from enum import IntEnum
from typing import NoReturn

from streams.core.errors import AudienceError, Misconfigured, Retryable, Unreachable

log = logging.getLogger(__name__)


class Exit(IntEnum):
    """Exit codes of a worker. Every one but DONE, MISCONFIGURED, STATE and DEAD_LETTERS may be restarted blindly."""

    DONE = 0
    """Stopped on request."""
    FAILED = 70
    """A bug: a unit of work raised. Nothing was committed; the log has the traceback."""
    FENCED = 71
    """Another worker owns the partition; this one was silent longer than the session timeout, or has another's
    AUDIENCE_INSTANCE."""
    STUCK = 72
    """A unit of work, or a call to Kafka in it, did not end in time."""
    BROKER = 74
    """Kafka, or the schema registry, was out of reach, or refused a write, for too long; or the consumer group does not
    take this worker."""
    DISK = 75
    """The local state could not be written, though the batch is committed; disk full? Or it could not be read, or too many
    files are open. The next start replays what is missing from the changelog, all of it if the state is damaged."""
    DEAD_LETTERS = 76
    """Too many records were refused. They are committed to `dead-letters`; look there first."""
    STATE = 77
    """The local state is not for this version, this changelog or these offsets; the message says what to do."""
    MISCONFIGURED = 78
    """Settings, topics or the registry's schemas are wrong; all faults were listed."""


HANDLES = (
    "Raise the limit of open files (`ulimit -n`) to 100 for each of this worker's tasks and 100 more; or let more workers "
    "share them")


class Stop(AudienceError):
    """Ends the worker with this code. Raised where the failure is understood; everything else is FAILED."""

    def __init__(self, code: Exit, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def end_process(failure: BaseException) -> NoReturn:
    """Says why, and ends the process without cleaning up. Callable from any thread."""
    if isinstance(failure, OSError) and failure.errno in (errno.EMFILE, errno.ENFILE):
        failure = Stop(Exit.DISK, f"{failure}. {HANDLES}")
    code = _code_of(failure)
    log.critical("Worker ends (%s, exit code %d): %s", code.name, code, failure, exc_info=is_surprise(failure) and failure)
    leave(code)


def is_surprise(failure: BaseException) -> bool:
    """Whether only its traceback says what happened."""
    return _code_of(failure) is Exit.FAILED


def leave(code: int = Exit.DONE) -> NoReturn:
    """Ends the process when nothing is left to be ended, or nothing has begun. At once: Python takes seconds to free
    millions of cached rows one by one, and Faust's own way takes another one."""
    logging.shutdown()
    os._exit(code)


def _code_of(failure: BaseException) -> Exit:
    match failure:
        case Stop(code=code):
            return code
        case Retryable() | Unreachable():
            return Exit.BROKER
        case Misconfigured():
            return Exit.MISCONFIGURED
        case _:
            return Exit.FAILED
