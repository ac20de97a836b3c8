"""Definitions read by themselves, and what is said of those that are wrong."""
from __future__ import annotations

from pathlib import Path

import pytest

from streams.core.errors import Misconfigured
from streams.core.values import Json
from streams.definitions import load_folder
from streams.definitions.build import read
from streams.definitions.faults import Notes
from streams.definitions.folder import Check
from streams.definitions.kinds import Parsed
from streams.definitions.references import noted
from streams.definitions.written import under


def read_alone(document: Json) -> Parsed:
    """One inlined document, whatever it refers to. Misconfigured with all its faults."""
    found = read(under("test", document), Notes(), {})
    if found.parsed is None or found.notes.faults:
        raise Misconfigured(tuple(text for _, text in noted([found])))
    return found.parsed


def faults(folder: Path, text: str = "", name: str = "d.yaml", check: Check = lambda *_: ()) -> tuple[str, ...]:
    """With `text` in that file, if there is any; files as they are named in the folder."""
    if text:
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        load_folder(folder, check)
    return tuple(fault.replace(f"{folder}/", "") for fault in caught.value.faults)
