"""What is said of definitions that are wrong."""
from __future__ import annotations

from pathlib import Path

import pytest

from streams.core.errors import Misconfigured
from streams.definitions import load_folder
from streams.definitions.folder import Check


def faults(folder: Path, text: str = "", name: str = "d.yaml", check: Check = lambda *_: ()) -> tuple[str, ...]:
    """With `text` in that file, if there is any; files as they are named in the folder."""
    if text:
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        load_folder(folder, check)
    return tuple(fault.replace(f"{folder}/", "") for fault in caught.value.faults)
