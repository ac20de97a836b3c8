"""The settings that all destinations have that write to a folder. All faults at once."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from connectors.delivery.spool import Rolling
from streams.core.errors import Misconfigured

Json: TypeAlias = Any
KNOWN = ("folder", "rows", "megabytes", "every")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSettings:
    folder: Path
    rolling: Rolling


class Reading:
    """Reads one destination's settings; a connector adds its own, then asks for the `result`."""

    def __init__(self, destination: str, given: Mapping[str, Json], own: tuple[str, ...] = ()) -> None:
        self._destination = destination
        self._given = given
        self._known = (*KNOWN, *own)
        self._faults: list[str] = []

    def refuse(self, name: str, expected: str) -> None:
        self._faults.append(f"destination {self._destination}: settings.{name}: expected {expected}")

    def choice(self, name: str, among: tuple[str, ...]) -> str:
        """The first of them if nothing is said."""
        value = self._given.get(name, among[0])
        if value not in among:
            self.refuse(name, f"one of {', '.join(among)}")
        return str(value)

    def number(self, name: str, default: float, least: float, most: float) -> float:
        value = self._given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self.refuse(name, f"a number from {least:g} to {most:g}")
            return default
        return value

    def result(self) -> FolderSettings:
        """Misconfigured with every fault that was found until now."""
        folder = self._given.get("folder")
        if not isinstance(folder, str) or not folder or "://" in folder:
            self.refuse("folder", "a folder; an object store is reached by mounting or syncing one")
        rolling = Rolling(rows=int(self.number("rows", 100_000, 1, 10_000_000)),
                          megabytes=self.number("megabytes", 64, 0.001, 4_000),
                          seconds=self.number("every", 300, 0.01, 86_400))
        for name in sorted(self._given.keys() - set(self._known)):
            self.refuse(name, f"one of {', '.join(self._known)}")
        if self._faults:
            raise Misconfigured(tuple(self._faults))
        return FolderSettings(folder=Path(str(folder)), rolling=rolling)
