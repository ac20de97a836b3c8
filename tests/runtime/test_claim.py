"""Whose a worker's folder is."""
from __future__ import annotations

from pathlib import Path

import pytest

from streams.runtime.settings import Settings
from streams.runtime.state.claim import FolderTaken, claim


def test_a_folder_is_one_workers_until_it_is_let_go_and_each_deployment_has_its_own(tmp_path: Path) -> None:
    one = Settings.read({"AUDIENCE_DATA": str(tmp_path / "data")})
    other = Settings.read({"AUDIENCE_DATA": str(tmp_path / "data"), "AUDIENCE_APP": "other"})
    with claim(one):
        with pytest.raises(FolderTaken, match="a worker is using it"):
            claim(one)
        claim(other).close()
    claim(one).close()
