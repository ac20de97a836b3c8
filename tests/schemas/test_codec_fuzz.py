"""Whatever bytes go in, a record or `Undecodable` comes out; and what was encoded comes back."""

import io
import json
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from avro.io import BinaryDecoder, DatumReader
from fastavro import schemaless_writer
from fastavro.schema import to_parsing_canonical_form
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas import EVENTS, NAMES, Codec, Undecodable, load
from schemas.compatibility import fingerprint, parsed
from schemas.registry import current
from schemas.writing import compile_writer

IDS = {name: number for number, name in enumerate(NAMES, start=1)}
BY_ID = {number: load(name) for name, number in IDS.items()}
CODECS = (Codec(BY_ID.get), Codec(BY_ID.get, written_ids=IDS))
PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "string": st.text(max_size=20),
    "bytes": st.binary(max_size=20),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False),
}


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Whatever the schema allows."""
    if isinstance(schema, str):
        return PRIMITIVES[schema]
    if isinstance(schema, list):
        return st.one_of(*map(values, schema))
    match schema["type"]:
        case "record":
            return st.fixed_dictionaries({field["name"]: values(field["type"]) for field in schema["fields"]})
        case "array":
            return st.lists(values(schema["items"]), max_size=3)
        case "enum":
            return st.sampled_from(schema["symbols"])
        case primitive:
            return PRIMITIVES[primitive]


RECORDS = {name: values(load(name)) for name in NAMES}
names = st.sampled_from(NAMES)
named_records = names.flatmap(lambda name: st.tuples(st.just(name), RECORDS[name]))


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A valid record in either framing, with a stretch of it replaced, removed or put in."""
    name, record = draw(named_records)
    data = draw(st.sampled_from(CODECS)).encode(name, record)
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 4)))
    return name, data[:start] + draw(st.binary(max_size=12)) + data[end:]


@st.composite
def framed_rubbish(draw: st.DrawFn) -> tuple[str, bytes]:
    """Known framing before any bytes: what reaches the body's reader."""
    name = draw(names)
    framings = [b"\xc3\x01" + fingerprint(load(name)), b"\0" + IDS[name].to_bytes(4, "big")]
    return name, draw(st.sampled_from(framings)) + draw(st.binary(max_size=80))


def decode_every_way(name: str, data: bytes) -> None:
    for decode in (partial(CODECS[0].decode, name), CODECS[0].decode_event):
        with suppress(Undecodable):
            assert isinstance(decode(data), dict)


@given(names, st.binary(max_size=100))
@example("hit", b"{")
@example("hit", b"\xc3\x01")
@example("hit", b"\0\0\0\0")
def test_any_bytes_are_a_record_or_undecodable(name: str, data: bytes) -> None:
    decode_every_way(name, data)


@given(framed_rubbish())
@settings(max_examples=400)
def test_any_body_is_a_record_or_undecodable(case: tuple[str, bytes]) -> None:
    decode_every_way(*case)


@given(damaged())
@settings(max_examples=400)
def test_a_damaged_record_is_a_record_or_undecodable(case: tuple[str, bytes]) -> None:
    decode_every_way(*case)


@given(st.text(max_size=60).map(lambda text: b"{" + text.encode()))
@example(b'{"a":1e999}')
@example(b'{"a":' + b"[" * 100_000)
def test_any_text_behind_a_brace_is_a_record_or_undecodable(data: bytes) -> None:
    decode_every_way("hit", data)


@pytest.mark.parametrize("size", [2**31, 2**62, 2**63 - 1])
@pytest.mark.parametrize("name", NAMES)
def test_a_huge_claimed_length_costs_nothing(name: str, size: int) -> None:
    claim = bytearray()
    number = size << 1
    while number > 0x7F:
        claim.append(number & 0x7F | 0x80)
        number >>= 7
    prefix = b"\xc3\x01" + fingerprint(load(name))
    decode_every_way(name, prefix + bytes([*claim, number]) * 3)


@given(named_records, st.sampled_from(CODECS))
@settings(max_examples=300)
def test_records_survive_encoding_and_decoding(case: tuple[str, dict[str, Any]], codec: Codec) -> None:
    name, record = case
    assert CODECS[0].decode(name, codec.encode(name, record)) == record


@given(named_records)
@settings(max_examples=400)
def test_plain_records_are_written_as_fastavro_writes_them(case: tuple[str, dict[str, Any]]) -> None:
    name, record = case
    plain, body = compile_writer(current(name).schema), io.BytesIO()
    schemaless_writer(body, current(name).schema, record)
    assert plain is None or (
        plain.of_items(record) == plain.of_attributes(SimpleNamespace(**record, more=1)) == body.getvalue()
    )


@pytest.mark.parametrize("name", ["audience_change", "command", "activation", "identity_change"])
def test_what_is_written_most_is_plain(name: str) -> None:
    assert compile_writer(current(name).schema) is not None


@given(named_records)
@settings(max_examples=200)
def test_avro_itself_reads_what_the_codec_writes(case: tuple[str, dict[str, Any]]) -> None:
    name, record = case
    body = io.BytesIO(CODECS[0].encode(name, record)[10:])
    reader = DatumReader(parsed(json.loads(to_parsing_canonical_form(load(name)))))
    assert reader.read(BinaryDecoder(body)) == record


@given(named_records, st.data())
@settings(max_examples=300)
def test_every_true_prefix_of_a_record_is_undecodable(case: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    name, record = case
    whole = data.draw(st.sampled_from(CODECS)).encode(name, record)
    with pytest.raises(Undecodable):
        CODECS[0].decode(name, whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(named_records, st.binary(min_size=1, max_size=5))
def test_any_bytes_after_a_record_are_undecodable(case: tuple[str, dict[str, Any]], rest: bytes) -> None:
    name, record = case
    with pytest.raises(Undecodable):
        CODECS[0].decode(name, CODECS[0].encode(name, record) + rest)


@given(named_records.filter(lambda case: case[0] not in EVENTS))
def test_a_record_of_another_topic_is_no_event(case: tuple[str, dict[str, Any]]) -> None:
    with pytest.raises(Undecodable):
        CODECS[0].decode_event(CODECS[0].encode(*case))
