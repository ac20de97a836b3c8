"""Runs one worker until it is told to stop or has to: what `audience worker` calls."""
from __future__ import annotations

import sys
from typing import NoReturn

from streams.runtime import cycles
from streams.runtime.plugs.application import AudienceApp
from streams.runtime.plugs.ending import EndingWorker
from streams.runtime.settings import Settings
from streams.runtime.work.opening import ProcessorFactory

SWITCH_AFTER = 0.02
"""Seconds for which a thread may keep the interpreter while others wait for it (Python's own: 0.005). Tasks that work off a
backlog side by side are all computing, and every switch among them only costs: 63 us of CPU an event, 67 at Python's own
(the peer job, four alternated rounds on a loaded machine, which differ by 10 among themselves)."""


def run_worker(settings: Settings, new_processor: ProcessorFactory) -> NoReturn:
    """Joins the group and works; ends the process, with 0 after SIGTERM or SIGINT, when all tasks are let go.

    Any failure ends it at once with a code of `streams.runtime.exits.Exit`. Call it from the main thread of a process of
    its own, whose log was begun (`logs.begin_log`).
    """
    cycles.begin()
    sys.setswitchinterval(SWITCH_AFTER)
    app = AudienceApp(settings, new_processor)
    worker = EndingWorker(app, quiet=True, override_logging=False, redirect_stdouts=False)
    worker.spinner = None
    worker.execute_from_commandline()
