"""The settings that all destinations have that write to a folder. All faults at once."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors.delivery.reading import Reading, Variables
from connectors.delivery.spool import Rolling
from streams.core.values import Json

FOLDER = r"(?![\s\S]*://)[\s\S]+"
KNOWN = ("folder", "rows", "megabytes", "every")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSettings:
    folder: Path
    rolling: Rolling


class FolderReading(Reading):
    """A connector adds its own settings, then asks for the `result`."""

    def __init__(
        self, destination: str, given: Mapping[str, Json], own: tuple[str, ...], variables: Variables,
    ) -> None:
        super().__init__(destination, given, (*KNOWN, *own), variables)

    def result(self) -> FolderSettings:
        """WrongDestination with every fault that was found until now."""
        folder = self.matching("folder", FOLDER, "", "a folder; an object store is reached by mounting or syncing one")
        rolling = Rolling(rows=int(self.number("rows", 100_000, 1, 10_000_000)),
                          megabytes=self.number("megabytes", 64, 0.001, 4_000),
                          seconds=self.number("every", 300, 0.01, 86_400))
        self.finish()
        return FolderSettings(folder=Path(folder), rolling=rolling)
