"""The two event topics: JSON and Avro come out as one shape."""

from typing import Any

import orjson
import pytest

from schemas import EVENTS, Codec, Fault, Undecodable, load
from schemas.messages import MAX_DEPTH, OBJECTS, SEGMENT_FIELDS

MESSAGE: dict[str, Any] = {
    "type": "track",
    "messageId": "m1",
    "anonymousId": "c1",
    "userId": "u1",
    "event": "Order Completed",
    "name": "till",
    "properties": {"total": 9.5, "products": [{"sku": "1"}]},
    "traits": {"vip": None},
    "context": {"source": {"type": "pos"}},
    "integrations": {"All": True},
    "timestamp": 1,
    "originalTimestamp": 2,
    "sentAt": 3,
    "receivedAt": 4,
    "previousId": "c0",
    "groupId": "g1",
}


def as_record(message: dict[str, Any]) -> dict[str, Any]:
    record = {field: message.get(key) for field, key in SEGMENT_FIELDS.items()}
    texts = {field: orjson.dumps(record[field]).decode() for field in OBJECTS if record[field] is not None}
    return {**record, **texts}


def nested(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)


@pytest.mark.parametrize("name", EVENTS)
def test_avro_and_json_of_one_message_come_out_the_same(name: str) -> None:
    codec = Codec()
    assert codec.decode_event(codec.encode(name, as_record(MESSAGE))) == MESSAGE
    assert codec.decode_event(orjson.dumps(MESSAGE)) == MESSAGE


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_null_in_avro_is_absent(name: str) -> None:
    assert Codec().decode_event(Codec().encode(name, {"type": "page"})) == {"type": "page"}


def test_hit_and_interaction_have_the_same_fields_all_of_them_mapped() -> None:
    hit, interaction = (load(name)["fields"] for name in EVENTS)
    assert hit == interaction
    assert [field["name"] for field in hit] == list(SEGMENT_FIELDS)


def test_json_is_read_on_the_event_topics_only() -> None:
    with pytest.raises(Undecodable) as caught:
        Codec().decode("hit", b'{"type":"track"}')
    assert caught.value.fault is Fault.NOT_AVRO


def test_nesting_is_accepted_up_to_the_limit() -> None:
    assert Codec().decode_event(nested(MAX_DEPTH))


def test_nesting_up_to_the_limit_is_accepted_beside_other_lists() -> None:
    message = b'{"wide":[[],[],[]],' + nested(MAX_DEPTH)[1:]
    assert len(Codec().decode_event(message)["wide"]) == 3


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 1_000, 1_025, 1_000_000])
def test_nesting_beyond_the_limit_is_too_deep(levels: int) -> None:
    with pytest.raises(Undecodable) as caught:
        Codec().decode_event(nested(levels))
    assert caught.value.fault is Fault.TOO_DEEP


def test_nesting_counts_in_the_texts_of_an_avro_record_too() -> None:
    record = {"type": "track", "properties": nested(MAX_DEPTH + 1).decode()}
    with pytest.raises(Undecodable) as caught:
        Codec().decode_event(Codec().encode("hit", record))
    assert caught.value.fault is Fault.TOO_DEEP


def test_wide_is_not_deep() -> None:
    wide = {"products": [{"tags": [[], [], {}]} for _ in range(1_000)], "text": "{[" * 1_000}
    assert Codec().decode_event(orjson.dumps(wide)) == wide


def test_whatever_is_accepted_can_be_written_again() -> None:
    assert orjson.dumps(Codec().decode_event(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
