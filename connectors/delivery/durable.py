"""Writing to a disk that may be full and a process that may be killed: a file appears whole, a line is there or is not.

By hand and not by a database: what is written here is read by other people's programs, as plain files.
"""
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A path to write to; what is there at the end appears at `path`, at once. After a failure nothing is left."""
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def write_json_lines(path: Path, rows: Iterable[bytes]) -> None:
    """A JSON text a line."""
    with path.open("wb") as file:
        file.writelines(row + b"\n" for row in rows)


def append_whole(path: Path, data: bytes) -> None:
    """All of `data` is on the disk, or after an OSError (a full disk) none of it. A kill may leave a part of it:
    `cut_torn_line` before the next one."""
    is_new = not path.exists()
    with path.open("ab", buffering=0) as file:
        before = os.fstat(file.fileno()).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest):]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(before)
            raise
    if is_new:
        sync_folder(path.parent)


def cut_torn_line(path: Path) -> None:
    """Removes what a kill left behind the last whole line."""
    with path.open("r+b") as file:
        end = sum(len(line) for line in file if line.endswith(b"\n"))
        file.truncate(end)


def sync_folder(folder: Path) -> None:
    """A rename, as a new name, is on the disk only when its folder is."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
