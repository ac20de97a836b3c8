"""Recognises copies: messages with the `messageId` and the strongest identifier of an earlier message.

Remembered where every message first arrives, at the home of that identifier: 8-byte hashes, newest last, in the row that is
read there anyway. `FULL` of them move to a chunk of their own, so that a busy identifier does not rewrite 8 KB with every
message. The horizon is the last 1,024 messages of an identifier, however old."""
from __future__ import annotations

from hashlib import blake2b

from streams.core.profile import Profile
from streams.core.tables import Pointer, RowTable

WIDTH = 8
FULL = 128
SPILLED = FULL * WIDTH
KEPT_CHUNKS = 8


def remember_message(row: Pointer | Profile, identifier: str, message_id: str, chunks: RowTable[bytes]) -> bool:
    """Remember the message in `row`, which the caller writes. False if it came before: it is a copy."""
    mark = blake2b(message_id.encode("utf-8", "surrogatepass"), digest_size=WIDTH).digest()
    seen = row.seen
    if mark in seen and _holds(seen, mark):
        return False
    if row.chunks and any(_holds(chunks.get(key) or b"", mark) for key in _kept(row, identifier)):
        return False
    row.seen = seen = seen + mark
    if len(seen) >= SPILLED:
        _spill(row, identifier, chunks)
    return True


def forget_copies(row: Pointer | Profile, identifier: str, chunks: RowTable[bytes]) -> None:
    """Forget all that is remembered here; the caller writes or deletes `row`."""
    for key in _kept(row, identifier):
        chunks.delete(key)
    row.seen, row.chunks = b"", 0


def _spill(row: Pointer | Profile, identifier: str, chunks: RowTable[bytes]) -> None:
    chunks.put(_key(identifier, row.chunks), row.seen)
    row.seen = b""
    row.chunks += 1
    if row.chunks > KEPT_CHUNKS:
        chunks.delete(_key(identifier, row.chunks - KEPT_CHUNKS - 1))


def _holds(marks: bytes, mark: bytes) -> bool:
    place = marks.find(mark)
    while place >= 0 and place % WIDTH:
        place = marks.find(mark, place + 1)
    return place >= 0


def _kept(row: Pointer | Profile, identifier: str) -> list[str]:
    return [_key(identifier, number) for number in range(max(0, row.chunks - KEPT_CHUNKS), row.chunks)]


def _key(identifier: str, number: int) -> str:
    return f"{identifier}\x00seen{number}"
