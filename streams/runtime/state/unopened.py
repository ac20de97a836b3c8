"""Why a state could not be opened, and what to do: RocksDB and Python say it in words of their own, and never the latter."""
from __future__ import annotations

import errno
import os
from pathlib import Path

from streams.runtime.exits import HANDLES, Exit, Stop

_LOCKED = "lock hold by current process", "While lock file"
"""In RocksDB's words."""


def unopened(folder: Path, failure: Exception) -> Stop:
    """DISK for what passes: a start that finds room, or more handles, goes on. STATE where somebody must mend something."""
    said = str(failure)
    code, advice = next(
        ((code, advice) for signs, code, advice in _ADVICE if any(sign in said for sign in signs)),
        (Exit.STATE, "The folder may be deleted; it is rebuilt from the changelog"))
    return Stop(code, f"The state in {folder} could not be opened: {said}. {advice}")


_ADVICE = (
    (_LOCKED, Exit.STATE, "Does another worker use the folder? Each needs an AUDIENCE_DATA of its own"),
    ((os.strerror(errno.EMFILE),), Exit.DISK, HANDLES),
    ((os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), os.strerror(errno.EFBIG)), Exit.DISK,
     "Is the disk full? Make room and start again: what is missing is replayed from the changelog"),
    ((os.strerror(errno.EACCES), os.strerror(errno.EPERM), os.strerror(errno.EROFS)), Exit.STATE,
     "The worker's user must be allowed to write AUDIENCE_DATA and everything in it: was something there run by another "
     "user, or the disk mounted to be read only? The folder may also be deleted; it is rebuilt from the changelog"),
)
