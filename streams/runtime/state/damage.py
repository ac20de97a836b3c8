"""What a RocksDB that is a copy of a topic does about damage: it is discarded and read anew, never repaired.

Opening finds files that are missing, cut off or of another length. An overwritten block is found only when it is read,
perhaps weeks later, and again after every start: so the finder leaves a mark beside the files for the next open.
"""
from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_MARK = "DAMAGED"
_SIGNS = ("Corruption", "No such file")
"""In RocksDB's words. It makes its own files, so one that it misses was there."""
_OTHERS = ("Too many open files", "No space left", "File too large", "Cannot allocate memory")
"""What RocksDB may call corruption too, and what passes."""


def is_damage(failure: Exception) -> bool:
    """Whether RocksDB failed because of what is in its folder, and would fail again."""
    said = str(failure)
    return any(sign in said for sign in _SIGNS) and not any(sign in said for sign in _OTHERS)


def note_damage(folder: Path) -> None:
    """The next `refuse_damaged` of this folder raises."""
    with suppress(OSError):  # a full disk: the block is read once more then, and there may be room
        (folder / _MARK).touch()


def refuse_damaged(folder: Path) -> None:
    """Raises an error that `is_damage` if damage was noted."""
    if (folder / _MARK).exists():
        raise OSError("Corruption: a block could not be read when it was last used")
