"""The files under `schemas/examples`: what a producer copies must decode, what is labelled bad must not."""

import json
import pickle
import traceback
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest
from fastavro import json_reader

import schemas
from schemas import EVENTS, NAMES, Codec, Fault, Undecodable
from schemas.registry import current

EXAMPLES = Path(schemas.__file__).parent / "examples"
REGISTRY = {int(key): schema for key, schema in json.loads((EXAMPLES / "registry.json").read_text()).items()}
BAD = sorted(EXAMPLES.glob("*/bad/*.hex"))
GOLDEN = sorted(EXAMPLES.glob("*/good/*.hex"))
PERSONAL = ("ann@example.org", "c-4711", "u-1", "Änn", "Still thinking", "Käse")


def label(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.stem}"


def wire(path: Path) -> bytes:
    return bytes.fromhex("".join(line for line in path.read_text().splitlines() if not line.startswith("#")))


def written_down(path: Path) -> dict[str, Any]:
    schema = current(path.parent.parent.name).schema
    (record,) = json_reader(StringIO(json.dumps(json.loads(path.read_text()))), schema)
    return cast("dict[str, Any]", record)


def decode(name: str, data: bytes) -> dict[str, Any]:
    codec = Codec(REGISTRY.get)
    return codec.decode_event(data) if name in (*EVENTS, "event") else codec.decode(name, data)


def refused(path: Path) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        decode(path.parent.parent.name, wire(path))
    return caught.value


@pytest.mark.parametrize("path", GOLDEN, ids=label)
def test_bytes_as_released_decode_to_the_record_written_beside_them(path: Path) -> None:
    assert Codec().decode(path.parent.parent.name, wire(path)) == written_down(path.with_suffix(".json"))


@pytest.mark.parametrize("path", GOLDEN, ids=label)
def test_a_good_record_survives_encoding_and_decoding(path: Path) -> None:
    name, record = path.parent.parent.name, written_down(path.with_suffix(".json"))
    assert Codec().decode(name, Codec().encode(name, record)) == record


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("event/good/*.json")), ids=label)
def test_a_json_event_decodes_to_itself(path: Path) -> None:
    assert Codec().decode_event(path.read_bytes()) == json.loads(path.read_text())


@pytest.mark.parametrize("path", BAD, ids=label)
def test_a_bad_record_is_refused_as_labelled(path: Path) -> None:
    expected = path.read_text().removeprefix("# ").partition(":")[0]
    assert refused(path).fault == expected


@pytest.mark.parametrize("path", BAD, ids=label)
def test_a_refusal_quotes_nothing_of_the_record(path: Path) -> None:
    told = "".join(traceback.format_exception(refused(path)))
    assert not [value for value in PERSONAL if value in told]


@pytest.mark.parametrize("fault", Fault)
def test_a_reason_begins_with_the_fault_so_that_dead_letters_can_be_counted(fault: Fault) -> None:
    refusal = Undecodable(fault, "activation")
    assert str(refusal) == refusal.reason
    assert refusal.reason.startswith(f"{fault}: activation ")
    assert pickle.loads(pickle.dumps(refusal)).reason == refusal.reason


def test_every_schema_has_good_and_bad_examples_and_every_good_one_its_bytes() -> None:
    for name in NAMES:
        good = {path.stem for path in EXAMPLES.glob(f"{name}/good/*.json")}
        assert good == {path.stem for path in EXAMPLES.glob(f"{name}/good/*.hex")} != set()
        assert any(EXAMPLES.glob(f"{name}/bad/*.hex"))


def test_every_fault_has_an_example() -> None:
    labels: Iterator[str] = (path.read_text().removeprefix("# ").partition(":")[0] for path in BAD)
    assert set(labels) == set(Fault)
