"""Other people's definitions load without a fault, and come back the same from their inlined documents."""
from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from streams.definitions import build, definitions_schema, load_folder

CONFORMANCE = (Path(__file__).resolve().parents[3] / "shared" / "conformance").resolve()
FOLDERS = sorted({file.parent for file in CONFORMANCE.glob("**/definitions*/*.yaml")})


@pytest.mark.skipif(not FOLDERS,
                    reason="the conformance cases are not beside the project (../shared/conformance)")
def test_every_folder_loads_round_trips_and_fits_the_schema() -> None:
    validator = Draft202012Validator(definitions_schema())
    for folder in FOLDERS:
        loaded = load_folder(folder)
        assert build(loaded.sources, 0, {}) == loaded, folder
        for key, document in loaded.sources.items():
            assert not [error.message for error in validator.iter_errors(document)], (folder, key)
