"""A worker's folder is its own as long as it lives: two in one folder would take each other's tasks away."""
from __future__ import annotations

import fcntl
from typing import BinaryIO

from streams.core.errors import Misconfigured
from streams.runtime.settings import Settings


class FolderTaken(Misconfigured):
    """A worker is using the folder. It may be about to end."""


def claim(settings: Settings) -> BinaryIO:
    """The folder belongs to this process until the returned file is closed or the process ends. FolderTaken if another has
    it, Misconfigured if it cannot be made. Called before the worker joins the group, so that nobody's tasks move."""
    folder = settings.data
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / f"{settings.application}.lock").open("ab")
    except OSError as failure:
        raise Misconfigured((
            f"AUDIENCE_DATA={folder}: {failure.strerror}; expected a folder that can be made and written",)) from failure
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as failure:
        held.close()
        raise FolderTaken((
            f"AUDIENCE_DATA={folder}: a worker is using it; each needs a folder of its own, or stop that one first",
        )) from failure
    return held
