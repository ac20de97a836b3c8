"""The settings that all destinations have that write to a folder. All faults at once."""
from __future__ import annotations

from pathlib import Path

from connectors.delivery.reading import SettingsReader
from connectors.delivery.spool import Rolling, Spool, Write

FOLDER = r"(?![\s\S]*://)[\s\S]+"


def spool_of(reader: SettingsReader, suffix: str, write: Write) -> Spool:
    """Asked for after a connector's own settings. WrongDestination with every fault that was found until now."""
    folder = reader.matching("folder", FOLDER, "", "a folder; an object store is reached by mounting or syncing one")
    rolling = Rolling(rows=int(reader.number("rows", 100_000, 1, 10_000_000)),
                      megabytes=reader.number("megabytes", 64, 0.001, 4_000),
                      seconds=reader.number("every", 300, 0.01, 86_400))
    reader.finish()
    return Spool(Path(folder), reader.destination, suffix, write, rolling)
