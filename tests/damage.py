"""A RocksDB that opens, and whose rows cannot be read."""
from __future__ import annotations

from pathlib import Path


def damage_largest_file(folder: Path, place: bytes = b"") -> None:
    """Changes a byte of its largest file of rows, in `place` or in the middle. It must be closed."""
    largest = max(folder.glob("*.sst"), key=lambda path: path.stat().st_size)
    rows = bytearray(largest.read_bytes())
    rows[rows.index(place) if place else len(rows) // 2] ^= 0xFF
    largest.write_bytes(rows)
