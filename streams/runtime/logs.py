"""What a worker writes to its log: a line for each assignment and restore, and what an operator must know; nothing more.

Faust narrates every service it starts, and aiokafka says ten times a second that a broker is away: that would bury the one
line that matters. Configured once, for `audience worker` and `faust worker` alike.
"""
from __future__ import annotations

import logging.config
from collections import defaultdict
from collections.abc import Mapping
from time import monotonic
from typing import Any

from aiohttp.http import HttpProcessingError
from aiohttp.web import RequestPayloadError

from streams.runtime.settings import without_meaning

SERVICES = logging.getLogger("faust.services")
"""For our classes that are services of Faust's: how they start and stop is Faust's narration."""
SAY_AGAIN_AFTER = 30.0
"""Seconds for which a library's message is not repeated."""


class Damped(logging.Filter):
    """Lets each message of a library through once in a while, with the number that were held back."""

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[tuple[str, str], float] = defaultdict(lambda: float("-inf"))
        self._held_back: dict[tuple[str, str], int] = defaultdict(int)

    def filter(self, record: logging.LogRecord) -> bool:
        kind = (record.name, str(record.msg))
        now = monotonic()
        if now - self._said_at[kind] < SAY_AGAIN_AFTER:
            self._held_back[kind] += 1
            return False
        self._said_at[kind] = now
        if held_back := self._held_back.pop(kind, 0):
            record.msg = f"{record.msg} (and {held_back} more like it)"
        return True


class Strangers(logging.Filter):
    """What the web server logs about broken requests becomes one line without a traceback: nothing is wrong here, and
    whoever sent them was answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        fault = record.exc_info[1] if record.exc_info else None
        if isinstance(fault, HttpProcessingError | RequestPayloadError | ConnectionResetError):
            record.args = type(fault).__name__, record.getMessage()
            record.msg = "no request that can be read (%s): %s"
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
            record.exc_info = None
        return True


def begin_log(environ: Mapping[str, str]) -> None:
    """The log is written from here on. It begins with the variables in `environ` that look like settings and are none."""
    logging.config.dictConfig(logging_config())
    if foreign := without_meaning(environ):
        logging.getLogger(__name__).warning("No settings, and passed over: %s", ", ".join(foreign))


def logging_config() -> dict[str, Any]:
    """For `logging.config.dictConfig`; to standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)-8s %(name)s: %(message)s"}},
        "filters": {"damped": {"()": Damped}, "strangers": {"()": Strangers}},
        "handlers": {
            "ours": {"class": "logging.StreamHandler", "formatter": "line"},
            "theirs": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["damped"]},
        },
        "root": {"level": "WARNING", "handlers": ["theirs"]},
        "loggers": {"streams": {"level": "INFO", "handlers": ["ours"], "propagate": False},
                    "aiohttp.server": {"filters": ["strangers"]}},
    }
