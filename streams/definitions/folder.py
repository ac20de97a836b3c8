"""Reads definition files: a folder, a file or a text, whole or refused with everything that is wrong in it."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG
from typing import TypeAlias

from streams.core.definitions import Definitions
from streams.core.errors import Misconfigured
from streams.core.values import Json
from streams.definitions.build import assemble, read
from streams.definitions.faults import Fault, Notes, Place, Steps, sentence
from streams.definitions.inline import Inliner
from streams.definitions.lists import is_part
from streams.definitions.references import Read, faults, noted
from streams.definitions.written import Illegible, documents, under

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
TEXT = "definition"
"""Stands before the number of a line where there is no file."""


Check: TypeAlias = Callable[[dict[str, Json], Set[Steps]], Iterable[Fault]]
"""Finds what else is wrong with a document of `kind: destination`; it is told where values are refused already. Only
connectors know, and the caller brings them. Not used for what is on the topic: no worker refuses a revision for it."""


def load_folder(path: Path, check: Check = lambda *_: ()) -> Definitions:
    """The definitions in `path` and below it, hidden folders left out; revision 0, every version 1.

    `sources` holds the documents with templates and member lists read into them. Raises Misconfigured with all faults,
    ordered by file and line, each `path/file:line: what was found; expected …; did you mean …?`."""
    if not path.is_dir():
        raise Misconfigured((f"{path}: no such folder; expected a folder of definition files",))
    illegible: list[str] = []
    reads = [each for file in _files(path, illegible) for each in _reads(path, file, illegible)]
    for each in reads:
        _note(each, check)
    return _together(reads, illegible)


def without_definitions(path: Path) -> str:
    """The sentence for a folder that has no definitions."""
    return f"{path}: no definition in it ({', '.join(sorted(SUFFIXES))})"


def load_file(path: Path, beside: Callable[[], Mapping[str, Json]]) -> tuple[Definitions, tuple[str, ...]]:
    """The definitions of one file and the ids of its segments, of which it must have one. They take the place of those of
    the same `kind/id` among what `beside` gives (documents without faults), which is called once nothing is wrong with the
    file by itself. Raises as `load_folder` does."""
    illegible: list[str] = []
    return _among(path.as_posix(), list(_reads(path.parent, path, illegible)), illegible, beside)


def load_text(text: str, beside: Callable[[], Mapping[str, Json]]) -> tuple[Definitions, tuple[str, ...]]:
    """As `load_file`, for a text, which may name no files; its faults name the file `definition`."""
    illegible: list[str] = []
    return _among(TEXT, list(_documents(None, TEXT, lambda: text, illegible)), illegible, beside)


def _among(
    name: str, own: list[Read], illegible: list[str], beside: Callable[[], Mapping[str, Json]],
) -> tuple[Definitions, tuple[str, ...]]:
    _refuse(illegible, noted(own))
    keys = {"/".join(each.key) for each in own if each.key is not None}
    segments = tuple(sorted(key.partition("/")[2] for key in keys if key.startswith("segment/")))
    if not segments:
        raise Misconfigured((f"{name} defines no segment; expected a document of kind: segment",))
    documents = beside()
    parts = {key: document for key, document in documents.items() if is_part(key)}
    others = [read(under(key, document), Notes(), parts)
              for key, document in documents.items() if key not in keys and key not in parts]
    found = _together([*own, *others])
    return replace(found, sources=parts | found.sources), segments


def _together(reads: list[Read], illegible: Iterable[str] = ()) -> Definitions:
    _refuse(illegible, faults(reads))
    return assemble(reads, 0, {})


def _refuse(illegible: Iterable[str], located: Iterable[tuple[Place, str]]) -> None:
    found = (*illegible, *(text for _, text in sorted(located, key=lambda each: (each[0].file, each[0].line))))
    if found:
        raise Misconfigured(found)


def _note(read: Read, check: Check) -> None:
    if read.key is not None and read.key[0] == "destination":
        noted = {fault.steps[:length] for fault in read.notes.faults for length in range(len(fault.steps) + 1)}
        read.notes.faults.extend(check(read.written.document, noted))


def _files(folder: Path, illegible: list[str]) -> list[Path]:
    """Links are followed, each folder once. A file that cannot be looked at is a fault, for `apply` deletes what is not
    there."""
    def unlisted(error: OSError) -> None:
        illegible.append(f"{error.filename}: the folder cannot be listed ({error.strerror}); expected one that may be read")

    found, seen = list[Path](), set[str]()
    for where, folders, names in os.walk(folder, onerror=unlisted, followlinks=True):
        is_new = os.path.realpath(where) not in seen
        seen.add(os.path.realpath(where))
        folders[:] = [name for name in sorted(folders) if is_new and not name.startswith(".")]
        found += [Path(where, name) for name in names if is_new and not name.startswith(".")]
    modes = {file: _mode(file) for file in found}
    named = {file for file in found if file.suffix.lower() in SUFFIXES}
    illegible += (sentence(Place(file=file.as_posix()), "no file (a link to nothing, a pipe)", "a readable file")
                  for file, mode in modes.items() if not mode or (file in named and not S_ISREG(mode)))
    return sorted(file for file in named if S_ISREG(modes[file]))


def _mode(file: Path) -> int:
    """0 if the file is not there or may not be looked at."""
    try:
        return file.stat().st_mode
    except OSError:
        return 0


def _reads(folder: Path, file: Path, illegible: list[str]) -> Iterator[Read]:
    return _documents(folder, file.as_posix(), lambda: file.read_text(encoding="utf-8-sig"), illegible)


def _documents(folder: Path | None, name: str, text: Callable[[], str], illegible: list[str]) -> Iterator[Read]:
    try:
        for written in documents(text(), name):
            notes = Notes()
            inliner = Inliner(folder=folder, written=written, notes=notes)
            inliner.inline()
            yield replace(read(written, notes, inliner.parts), parts=inliner.parts)
    except Illegible as error:
        illegible.append(str(error))
    except UnicodeDecodeError:
        illegible.append(sentence(Place(file=name, line=1), "a text that is not UTF-8", "UTF-8"))
    except OSError as error:
        found = f"the file cannot be read ({error.strerror})"
        illegible.append(sentence(Place(file=name, line=1), found, "a readable file"))
