"""Reads the files that a definition names into it, so that a document is whole wherever it travels.

The documents of the `definitions` topic are read by workers that have no folder.
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from streams.definitions.faults import Fault, Json, Notes, Place, Steps, nearest, shown
from streams.definitions.written import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Inliner:
    """Replaces file names in one document. Faults are noted, and something empty stands in for the file."""

    folder: Path
    written: Written
    notes: Notes

    def inline(self) -> None:
        """Changes `written.document`, and lets `written.places` point into the files read."""
        document = self.written.document
        if not isinstance(document, dict):
            return
        if isinstance(channels := document.get("channels"), dict):
            for name, channel in channels.items():
                if isinstance(channel, dict) and isinstance(channel.get("template"), str):
                    self._template(name, channel)
        if "rule" in document:
            self._members(document["rule"], ("rule",))

    def _template(self, name: str, channel: dict[str, Json]) -> None:
        """`template: NAME` becomes `html` (`text` for sms and for `*.txt*`)."""
        file = channel["template"]
        field = "text" if name == "sms" or ".txt" in Path(file).suffixes else "html"
        steps = ("channels", name)
        if field in channel:
            self._note((*steps, "template"), f"template beside {field}", "only one of them")
            channel.pop("template")
            return
        content = self._read(file, (*steps, "template"))
        renamed = {field if key == "template" else key: value for key, value in channel.items()}
        channel.clear()
        channel.update(renamed)
        channel[field] = content or "-"
        self.written.places[(*steps, field)] = Place(file=file, line=1)

    def _members(self, node: Json, steps: Steps) -> None:
        if isinstance(node, list):
            for place, inner in enumerate(node):
                self._members(inner, (*steps, place))
        if not isinstance(node, dict):
            return
        for name, inner in node.items():
            if name == "members" and isinstance(inner, dict) and list(inner) == ["file"]:
                node[name] = self._listed(inner["file"], (*steps, name))
            else:
                self._members(inner, (*steps, name))

    def _listed(self, file: Json, steps: Steps) -> list[str]:
        """The lines of a members file, without empty ones and `#` comments."""
        content = self._read(file, (*steps, "file"))
        found: list[str] = []
        for number, line in enumerate(content.splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                self.written.places[(*steps, len(found))] = Place(file=str(file), line=number)
                found.append(line.strip())
        return found

    def _read(self, file: Json, steps: Steps) -> str:
        path = self.folder / file if isinstance(file, str) else self.folder
        try:
            return path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            self._note(steps, f"{shown(file)} is not UTF-8", "a text file in UTF-8")
        except (OSError, ValueError):
            files = (each for each in self.folder.rglob("*") if each.is_file())
            names = [each.relative_to(self.folder).as_posix() for each in files]
            self._note(steps, f"{shown(file)} cannot be read", "a file, named relative to the folder",
                       nearest(file, names))
        return ""

    def _note(self, steps: Steps, found: str, expected: str, meant: str = "") -> None:
        self.notes.faults.append(Fault(steps=steps, found=found, expected=expected, meant=meant))
