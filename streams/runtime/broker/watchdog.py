"""Ends the embedded broker, or a worker, when the process that started it is gone, also after `kill -9`: no orphans.

Not by PR_SET_PDEATHSIG, which is Linux only and fires when the starting *thread* ends, nor by a pipe, whose other end
children of the parent would hold open. A new parent process id is seen everywhere. Started by path, without site-packages,
so it costs 15 ms.
"""

import os
import signal
import sys
import time

CHECK_EVERY = 0.25
PATIENCE = 10.0
"""Seconds between two looks; and from SIGTERM to SIGKILL."""


def watch(pid: int, parent: int) -> None:
    """Returns when `pid` has ended; terminates it, and later kills it, once `parent` is no longer ours."""
    while _runs(pid) and os.getppid() == parent:
        time.sleep(CHECK_EVERY)
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not _runs(pid):
            return
        os.kill(pid, number)
        give_up_at = time.monotonic() + PATIENCE
        while _runs(pid) and time.monotonic() < give_up_at:
            time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    watch(int(sys.argv[1]), int(sys.argv[2]))
