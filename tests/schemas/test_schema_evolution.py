"""Released versions read each other, for ever; and what the outside may rely on in the files themselves."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fastavro.schema import fingerprint, to_parsing_canonical_form

import schemas
from schemas import NAMES, compatibility, load, released_versions
from schemas.catalogue import FILES, ships
from schemas.compatibility import incompatibilities, is_bounded, parsed
from schemas.registry import known_writers

FOLDER = Path(schemas.__file__).parent
NEWEST = released_versions()[-1]


def everything_shipped(name: str) -> list[dict[str, Any]]:
    return [load(name), *(load(name, version) for version in released_versions() if ships(name, version))]


def with_field(schema: dict[str, Any], field: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "fields": [*schema["fields"], field]}


@pytest.mark.parametrize("name", NAMES)
def test_a_current_schema_is_the_newest_released_one(name: str) -> None:
    released = FOLDER / "released" / NEWEST / FILES[name]
    changed = f"{FILES[name]} differs from released/{NEWEST}: copy all current files to a new version's folder"
    assert released.is_file(), changed
    assert released.read_bytes() == (FOLDER / FILES[name]).read_bytes(), changed


def test_no_avsc_lies_about_that_the_catalogue_does_not_name() -> None:
    lying_there = {str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.avsc")}
    assert lying_there == set(FILES.values())


@pytest.mark.parametrize("name", NAMES)
def test_all_versions_read_each_other_both_ways(name: str) -> None:
    versions = everything_shipped(name)
    faults = [incompatibilities(reader=reader, writer=writer) for reader in versions for writer in versions]
    assert not any(faults), faults


@pytest.mark.parametrize("name", NAMES)
def test_every_version_ever_shipped_is_known_to_the_decoder(name: str) -> None:
    prefixes = {b"\xc3\x01" + compatibility.fingerprint(version) for version in everything_shipped(name)}
    assert prefixes == set(known_writers(name))


@pytest.mark.parametrize("name", NAMES)
def test_avro_and_fastavro_agree_on_the_fingerprint(name: str) -> None:
    canonical = to_parsing_canonical_form(load(name))
    assert fingerprint(canonical, "CRC-64-AVRO") == compatibility.fingerprint(load(name)).hex()


@pytest.mark.parametrize(
    ("schema", "as_number"), [("null", 0x63DD24E7CC258F8A), ("int", 0x7275D51A3F395C8F)], ids=["null", "int"]
)
def test_fingerprints_are_the_numbers_of_avros_own_test_table_little_endian(schema: str, as_number: int) -> None:
    assert compatibility.fingerprint(schema) == as_number.to_bytes(8, "little")


def test_no_two_schemas_share_a_fingerprint() -> None:
    prefixes = [prefix for name in NAMES for prefix in known_writers(name)]
    assert len(prefixes) == len(set(prefixes))


@pytest.mark.parametrize("name", NAMES)
def test_every_record_and_field_says_what_it_is(name: str) -> None:
    schema = load(name)
    assert schema["doc"]
    assert all(field["doc"] for field in schema["fields"])


@pytest.mark.parametrize("name", NAMES)
def test_our_own_schemas_are_bounded(name: str) -> None:
    assert is_bounded(parsed(load(name)))


def test_a_field_with_a_default_may_be_added() -> None:
    newer = with_field(load("delivery"), {"name": "cost", "type": ["null", "double"], "default": None})
    assert not incompatibilities(reader=newer, writer=load("delivery"))
    assert not incompatibilities(reader=load("delivery"), writer=newer)


def test_a_field_without_default_may_not_be_added() -> None:
    newer = with_field(load("delivery"), {"name": "cost", "type": "double"})
    assert incompatibilities(reader=newer, writer=load("delivery"))


def test_a_symbol_may_not_be_added() -> None:
    newer = json.loads(json.dumps(load("delivery")).replace('"delivered",', '"delivered", "opened",'))
    assert incompatibilities(reader=load("delivery"), writer=newer)


def test_a_time_may_not_change_its_unit() -> None:
    newer = json.loads(json.dumps(load("delivery")).replace("timestamp-millis", "timestamp-micros"))
    assert "/at: timestamp-micros read as timestamp-millis" in incompatibilities(reader=load("delivery"), writer=newer)


def test_the_readme_names_every_schema_and_file() -> None:
    readme = (FOLDER / "README.md").read_text()
    assert not [name for name, path in FILES.items() if f"`{name}`" not in readme or path not in readme]


def test_schemas_load_where_there_are_no_files(tmp_path: Path) -> None:
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(FOLDER.rglob("*")):
            archive.write(path, Path("schemas") / path.relative_to(FOLDER))
    script = "import schemas; schemas.Codec(); print(schemas.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": str(packed)}, cwd=tmp_path, capture_output=True, text=True
    )
    assert str(packed) in found.stdout, found.stderr
