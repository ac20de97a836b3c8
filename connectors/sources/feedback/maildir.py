"""A mailbox in a folder (maildir), where a mail server puts what comes back to the sender's address.

Not IMAP: the mail server that takes bounces can deliver into a maildir, and a folder needs no password and no connection. A
message is handled in `new/` and moved to `cur/` as seen; after a kill in between it is handled again under the same id.
"""
from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from connectors.sources.feedback.reports import read_report
from connectors.sources.feedback.signals import Tell

log = logging.getLogger(__name__)

LARGEST = 16 << 20
"""Bytes of a message that is read; of a longer one only so much, which has the report."""


async def read_new(folder: Path, identifier_of: Callable[[str], str | None], tell: Tell) -> tuple[int, int]:
    """(reports told, messages passed over), after all of `new/`; a file that may not be read stays there. OSError if it is
    no maildir; what `tell` raises."""
    told = passed_over = 0
    for path in await asyncio.to_thread(_new, folder):
        try:
            head = await asyncio.to_thread(_head, path)
        except OSError as fault:
            log.warning("%s is left where it is: %s", path, fault.strerror)
            continue
        signal = await asyncio.to_thread(read_report, head, identifier_of)
        if signal is not None:
            await tell(signal)
        told, passed_over = told + (signal is not None), passed_over + (signal is None)
        await asyncio.to_thread(_seen, path, folder)
    return told, passed_over


def _new(folder: Path) -> list[Path]:
    (folder / "cur").mkdir(exist_ok=True)
    return sorted(path for path in (folder / "new").iterdir() if path.is_file())


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST)


def _seen(path: Path, folder: Path) -> None:
    path.rename(folder / "cur" / f"{path.name.partition(':')[0]}:2,S")
