"""Puts the content of the files that a definition names in the place of their names: workers, which read documents from
the `definitions` topic, have no folder."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from streams.core.segments.listed import digest_of
from streams.core.values import Json
from streams.definitions.faults import Notes, Place, Steps, dotted, nearest, shown
from streams.definitions.lists import LONGEST_PLAIN, MOST, listed
from streams.definitions.members import NoIdentifier, identifier_of
from streams.definitions.written import Written

MOST_FAULTS = 20
"""Said one by one of a long list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inliner:
    """Replaces file names in one document. Faults are noted, and something empty stands in for the file."""

    folder: Path | None
    """None where the text's author must not read files of this machine: naming one is a fault then."""
    written: Written
    notes: Notes
    parts: dict[str, Json] = field(default_factory=dict)
    """The parts that long lists of the document were cut into, see `lists`."""

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
            self.notes.fault((*steps, "template"), f"template beside {field}", "only one of them")
            channel.pop("template")
            return
        content = self._read(file, (*steps, "template"))
        if content is not None and not content.strip():
            self.notes.fault((*steps, "template"), f"{shown(file)} is empty", "a template")
        renamed = {field if key == "template" else key: value for key, value in channel.items()}
        channel.clear()
        channel.update(renamed)
        channel[field] = content if content and content.strip() else "-"
        self.written.places[(*steps, field)] = self._place(file, 1)

    def _members(self, node: Json, steps: Steps) -> None:
        if isinstance(node, list):
            for place, inner in enumerate(node):
                self._members(inner, (*steps, place))
        if not isinstance(node, dict):
            return
        for name, inner in node.items():
            if name == "members" and isinstance(inner, dict) and list(inner) == ["file"]:
                node[name] = self._listed(inner["file"], (*steps, name))
            elif name == "members" and isinstance(inner, list) and len(inner) > LONGEST_PLAIN:
                node[name] = self._condensed(inner, (*steps, name))
            else:
                self._members(inner, (*steps, name))

    def _listed(self, file: Json, steps: Steps) -> Json:
        """The lines of a members file, without empty ones and `#` comments; of a long one what names its parts."""
        text = self._read(file, (*steps, "file")) or ""
        lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)
                 if line.strip() and not line.lstrip().startswith("#")]
        if len(lines) > LONGEST_PLAIN:
            return self._condensed((line for _, line in lines), steps, lambda at: self._place(file, lines[at][0]))
        for at, (number, _) in enumerate(lines):
            self.written.places[(*steps, at)] = self._place(file, number)
        return [line for _, line in lines]

    def _condensed(
        self, members: Iterable[Json], steps: Steps, place: Callable[[int], Place] | None = None,
    ) -> Json:
        """`place`: of a member by its number, if the document's own places do not have it."""
        digests: set[int] = set()
        faulty = 0
        for at, member in enumerate(members):
            try:
                digests.add(digest_of(identifier_of(member)))
            except NoIdentifier as fault:
                faulty += 1
                if faulty <= MOST_FAULTS:
                    if place is not None:
                        self.written.places[(*steps, at)] = place(at)
                    self.notes.fault((*steps, at), f"{dotted((*steps, at))} {fault.found}", fault.expected)
        if faulty > MOST_FAULTS:
            self.notes.fault(steps, f"{faulty - MOST_FAULTS:,} more of {dotted(steps)} are no identifiers", "one each")
        if len(digests) > MOST:
            self.notes.fault(steps, f"{dotted(steps)} lists {len(digests):,} identifiers", f"at most {MOST:,}")
        reference, parts = listed(sorted(digests))
        self.parts.update(parts)
        return reference

    def _read(self, file: Json, steps: Steps) -> str | None:
        """None after a fault."""
        if self.folder is None:
            self.notes.fault(steps, f"{shown(file)} cannot be read here", "what stands in the file")
            return None
        path = self._path(self.folder, file) if isinstance(file, str) else self.folder
        try:
            if not path.is_file():  # a pipe waits for a writer, a device has no end
                raise ValueError("no file")
            return path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            self.notes.fault(steps, f"{shown(file)} is not UTF-8", "a text file in UTF-8")
        except (OSError, ValueError):
            files = (each for each in self.folder.rglob("*") if each.is_file())
            names = [each.relative_to(self.folder).as_posix() for each in files]
            self.notes.fault(steps, f"{shown(file)} cannot be read", "a file, named relative to the folder",
                       nearest(file, names))
        return None

    def _path(self, folder: Path, file: str) -> Path:
        """In the folder, else beside the definition."""
        path, beside = folder / file, Path(self.written.file).parent / file
        return beside if not path.is_file() and beside.is_file() else path

    def _place(self, file: str, line: int) -> Place:
        return Place(file=self._path(self.folder, file).as_posix() if self.folder else self.written.file, line=line)
