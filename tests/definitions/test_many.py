"""Many definitions: what a revision costs grows with their number, and not with its square."""
from __future__ import annotations

from typing import Any

import pytest

from streams.definitions import build, references


def test_what_all_documents_are_compared_with_is_gathered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 100,000 a unit of work took longer than a worker lets it (72), and again after each start."""
    gathered: list[Any] = []
    note = references._note_subtractions

    def noting(read: Any, computed: Any) -> None:
        gathered.append(computed)
        note(read, computed)

    monkeypatch.setattr(references, "_note_subtractions", noting)
    build({f"segment/s{n}": {"kind": "segment", "id": f"s{n}", "rule": {"everyone": {}}} for n in range(50)}, 1, {})
    assert len(gathered) == 50 and all(each is gathered[0] for each in gathered)
