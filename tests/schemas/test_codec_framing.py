"""Both framings, and a registry whose schemas are not ours."""

import json
import traceback
from collections.abc import Mapping
from typing import Any

import pytest

from schemas import NAMES, Codec, Fault, Undecodable, Unencodable, load
from schemas.compatibility import fingerprint

MEMBERSHIPS = {"identifier": "cookie:c1", "segments": ["a", "b"], "at": 1_795_428_000_000}
IDS = {name: number for number, name in enumerate(NAMES, start=1)}


class Registry:
    """Schemas by id, and which ids were asked for."""

    def __init__(self, schemas: Mapping[int, Mapping[str, Any]]) -> None:
        self.schemas = dict(schemas)
        self.asked: list[int] = []

    def __call__(self, schema_id: int) -> Mapping[str, Any] | None:
        self.asked.append(schema_id)
        return self.schemas.get(schema_id)


def confluent(schema_id: int, body: bytes = b"\0") -> bytes:
    return b"\0" + schema_id.to_bytes(4, "big") + body


def refusal(codec: Codec, name: str, data: bytes) -> Fault:
    with pytest.raises(Undecodable) as caught:
        codec.decode(name, data)
    return caught.value.fault


def test_without_a_registry_a_record_begins_with_c3_01_and_the_fingerprint() -> None:
    data = Codec().encode("memberships", MEMBERSHIPS)
    assert data[:10] == b"\xc3\x01" + fingerprint(load("memberships"))


def test_with_a_registry_a_record_begins_with_00_and_its_id() -> None:
    codec = Codec(Registry({IDS[name]: load(name) for name in NAMES}), written_ids=IDS)
    data = codec.encode("memberships", MEMBERSHIPS)
    assert data[:5] == confluent(IDS["memberships"], b"")
    assert codec.decode("memberships", data) == MEMBERSHIPS


def test_a_reader_with_a_registry_still_reads_single_objects() -> None:
    data = Codec().encode("memberships", MEMBERSHIPS)
    assert Codec(Registry({})).decode("memberships", data) == MEMBERSHIPS


def test_a_known_id_is_asked_for_once() -> None:
    registry = Registry({9: load("memberships")})
    codec, data = Codec(registry), Codec(written_ids={"memberships": 9}).encode("memberships", MEMBERSHIPS)
    assert [codec.decode("memberships", data) for _ in range(3)] == [MEMBERSHIPS] * 3
    assert registry.asked == [9]


def test_an_unknown_id_is_asked_for_again_since_it_may_be_registered_meanwhile() -> None:
    registry = Registry({})
    codec, data = Codec(registry), Codec(written_ids={"memberships": 9}).encode("memberships", MEMBERSHIPS)
    assert refusal(codec, "memberships", data) is Fault.UNKNOWN_SCHEMA_ID
    registry.schemas[9] = load("memberships")
    assert codec.decode("memberships", data) == MEMBERSHIPS


def test_an_unreachable_registry_is_not_the_records_fault() -> None:
    def unreachable(schema_id: int) -> None:
        raise ConnectionRefusedError(schema_id)

    with pytest.raises(ConnectionRefusedError):
        Codec(unreachable).decode("memberships", confluent(1))


def test_another_producers_schema_is_read_by_field_name() -> None:
    foreign = {"type": "record", "name": "Memberships", "namespace": "other.shop", "fields": [
        {"name": "extra", "type": ["null", {"type": "map", "values": "string"}]},
        {"name": "at", "type": "int"},
        {"name": "segments", "type": {"type": "array", "items": "string"}},
        {"name": "identifier", "type": "string"},
    ]}  # fmt: skip
    data = confluent(1, b"\x02\x02\x02a\x02b\x00" + b"\x0e" + b"\x02\x02x\x00" + b"\x02c")
    expected = {"identifier": "c", "segments": ["x"], "at": 7}
    assert Codec(Registry({1: foreign})).decode("memberships", data) == expected


def test_fields_an_older_schema_lacks_take_their_defaults() -> None:
    kept = [field for field in load("hit")["fields"] if field["name"] in ("type", "event")]
    older = {**load("hit"), "fields": kept}
    data = confluent(1, b"\x0atrack" + b"\x02\x04Hi")
    assert Codec(Registry({1: older})).decode_event(data) == {"type": "track", "event": "Hi"}


def with_extra(field_type: Any) -> dict[str, Any]:
    ours = load("memberships")
    return {**ours, "fields": [*ours["fields"], {"name": "extra", "type": field_type}]}


IN_MICROS = json.loads(json.dumps(load("memberships")).replace("millis", "micros"))
NOTHING = {"type": "record", "name": "Nothing", "fields": [{"name": "x", "type": "null"}]}


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        pytest.param(with_extra(["null", "Memberships"]), Fault.BAD_SCHEMA, id="recursive"),
        pytest.param(with_extra({"type": "array", "items": "null"}), Fault.BAD_SCHEMA, id="nulls"),
        pytest.param(with_extra({"type": "array", "items": NOTHING}), Fault.BAD_SCHEMA, id="empty"),
        pytest.param({"type": "no such type"}, Fault.BAD_SCHEMA, id="no-avro"),
        pytest.param({}, Fault.BAD_SCHEMA, id="nothing"),
        pytest.param(load("delivery"), Fault.WRONG_SCHEMA, id="another-topic"),
        pytest.param({"type": "string"}, Fault.WRONG_SCHEMA, id="a-string"),
        pytest.param(IN_MICROS, Fault.WRONG_SCHEMA, id="micros"),
    ],
)
def test_an_unsafe_schema_is_refused_before_the_body(schema: dict[str, Any], fault: Fault) -> None:
    assert refusal(Codec(Registry({1: schema})), "memberships", confluent(1, b"\x02" * 20)) is fault


def test_a_bomb_of_a_recursive_schema_does_not_kill_the_process() -> None:
    bomb = confluent(1, b"\x02" * 5_000_000)
    schema = {"type": "record", "name": "Hit", "fields": [{"name": "type", "type": ["null", "Hit"]}]}
    with pytest.raises(Undecodable):
        Codec(Registry({1: schema})).decode_event(bomb)


@pytest.mark.parametrize(
    "changed",
    [{"at": "soon"}, {"at": 2**64}, {"identifier": None}, {"segments": 1}, {"identifier": "\ud800"}, {"extra": 1}],
    ids=["type", "range", "null", "no-list", "surrogate", "unknown-field"],
)
def test_a_record_that_does_not_fit_is_the_callers_bug(changed: dict[str, Any]) -> None:
    with pytest.raises(Unencodable, match="memberships: the record does not fit"):
        Codec().encode("memberships", {**MEMBERSHIPS, **changed})


def test_an_encoding_error_quotes_nothing_of_the_record() -> None:
    delivery = {"activation_id": "a", "channel": "email", "destination": "d", "outcome": "ann@example.org"}
    with pytest.raises(Unencodable) as caught:
        Codec().encode("delivery", {**delivery, "attempt": 1, "at": 0})
    assert "ann@" not in "".join(traceback.format_exception(caught.value))


def test_a_missing_field_without_default_is_the_callers_bug() -> None:
    with pytest.raises(Unencodable):
        Codec().encode("memberships", {"identifier": "cookie:c1"})
