"""Why a copy of a topic could not be opened, and what to do. RocksDB and Python tell the former, each in its own words."""
from __future__ import annotations

import errno
import os

from streams.runtime.exits import HANDLES, Exit, Stop

_LOCKED = "lock hold by current process", "While lock file"
"""In RocksDB's words."""


def unopened(what: str, failure: Exception) -> Stop:
    """DISK for what passes: a start that finds room, or more handles, goes on. STATE where somebody must mend something."""
    said = str(failure)
    code, advice = next(
        ((code, advice) for signs, code, advice in _ADVICE if any(sign in said for sign in signs)),
        (Exit.STATE, "The folder may be deleted; it is rebuilt from Kafka"))
    return Stop(code, f"{what} could not be opened: {said}. {advice}")


_ADVICE = (
    (_LOCKED, Exit.STATE, "Does another process use the folder? Each needs an AUDIENCE_DATA of its own"),
    ((os.strerror(errno.EMFILE),), Exit.DISK, HANDLES),
    ((os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), os.strerror(errno.EFBIG)), Exit.DISK,
     "Is the disk full? Make room and start again: what is missing is read from Kafka"),
    ((os.strerror(errno.EACCES), os.strerror(errno.EPERM), os.strerror(errno.EROFS)), Exit.STATE,
     "The process must be allowed to write AUDIENCE_DATA and everything in it: was it run by another user before, or the "
     "disk mounted to be read only? The folder may also be deleted; it is rebuilt from Kafka"),
)
