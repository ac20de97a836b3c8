"""Bad input becomes dead letters with a reason that quotes nothing; the rest goes on and nothing is lost."""
from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.codec import Codec
from streams.testing import Pipeline
from tests.properties.agreement import events_of
from tests.strategies import SEGMENTS, START

SECRET = "jane-secret@example.org"
GOOD = {"type": "track", "event": "Good", "anonymousId": "c1", "messageId": "good", "receivedAt": START}
BAD = {
    "not Avro": b"\xc3\x01 nothing that we know",
    "wrong schema": Codec().encode("command", {"kind": SECRET, "at": START, "body": b"secret"}),
    "unknown schema id": b"\x00\x00\x00\x00\x63" + SECRET.encode(),
    "truncated fingerprint": b"\xc3\x01\x00",
    "empty": b"",
    "bad JSON": b'{"type": "track", "email": "' + SECRET.encode(),
    "JSON, but no object": orjson.dumps([SECRET]),
    "no type": orjson.dumps({"userId": SECRET}),
    "unknown type": orjson.dumps({"type": SECRET, "userId": "u1"}),
    "type a list": orjson.dumps({"type": [SECRET], "userId": "u1"}),
    "type an object": orjson.dumps({"type": {"secret": SECRET}, "userId": "u1"}),
    "no identifier": orjson.dumps({"type": "track", "event": SECRET}),
    "blocked identifiers only": orjson.dumps({"type": "track", "event": "E", "userId": "0-0", "anonymousId": "null"}),
    "traits no object": orjson.dumps({"type": "identify", "userId": "u1", "traits": SECRET}),
    "time no time": orjson.dumps({"type": "page", "userId": "u1", "timestamp": SECRET}),
    "received no time": orjson.dumps({"type": "page", "userId": "u1", "receivedAt": SECRET}),
    "track without event": orjson.dumps({"type": "track", "userId": SECRET}),
    "too deep": b'{"type": "page", "userId": "secret", "traits": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}",
    "NUL in the identifier only": orjson.dumps({"type": "page", "userId": "jane\x00secret"}),
}
ODD = {
    "time in 1970": {"timestamp": "1970-01-01T00:00:00Z"},
    "time in 2100": {"timestamp": "2100-01-01T00:00:00Z"},
    "received in 2100": {"receivedAt": "2100-01-01T00:00:00Z"},
    "received in the year 1": {"receivedAt": "0001-01-01T00:00:00Z"},
    "received in the year 9999": {"receivedAt": "9999-12-31T23:59:59Z"},
    "sent before the year 1": {"originalTimestamp": -(10**14), "sentAt": 10**14},
    "five megabytes": {"properties": {"text": "x" * 5_000_000}},
    "NUL beside another identifier": {"anonymousId": "a\x00b", "userId": "u9"},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | st.sampled_from(("u1", "track", "a\x00b", "2026-01-01", "null")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(("email", "id", "device", "traits", "purposes", "x", "type", "phone")), inner, max_size=3),
    max_leaves=6)
FIELDS = ("messageId", "anonymousId", "userId", "event", "name", "properties", "traits", "context", "timestamp",
          "originalTimestamp", "sentAt", "receivedAt", "previousId", "groupId")
KINDS = st.sampled_from(("track", "identify", "page", "screen", "alias", "group"))
SHAPED = st.builds(lambda kind, body: body | {"type": kind}, KINDS, st.dictionaries(st.sampled_from(FIELDS), JSON))


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD)
def test_bad_input_is_rejected_with_a_reason_that_quotes_nothing(raw: bytes) -> None:
    pipeline = Pipeline(SEGMENTS, 2, start=START)
    pipeline.send(raw)
    pipeline.send(GOOD)
    assert events_of(pipeline) == 1
    (record, reason), = pipeline.rejected
    assert record.value == raw and len(reason) > 10
    assert "secret" not in reason and "jane" not in reason


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_input_counts_once_and_the_rest_goes_on(odd: dict[str, Any]) -> None:
    pipeline = Pipeline(SEGMENTS, 2, start=START)
    pipeline.send({"type": "identify", "messageId": "odd", "userId": "u1", "receivedAt": START} | odd)
    pipeline.send(GOOD)
    assert events_of(pipeline) == 2 and not pipeline.rejected


def test_a_stated_receipt_in_the_future_is_clamped_to_the_clock() -> None:
    pipeline = Pipeline(SEGMENTS, 2, start=START)
    pipeline.send(GOOD | {"receivedAt": "2100-01-01T00:00:00Z"}, START)
    assert next(iter(pipeline.profiles())).now == START


FOR_EVER = {"identity/one": {"kind": "identity", "id": "one", "anonymous_expire_after": "never"}}
"""Else a receipt in 1970 is a profile that ended long ago, and its events are no longer counted."""


@settings(max_examples=400)
@given(st.lists(SHAPED, min_size=1, max_size=4))
@example([{"type": "page", "anonymousId": "c2", "receivedAt": 0}])
def test_whatever_has_the_shape_of_a_message_is_applied_or_rejected(found: list[dict[str, Any]]) -> None:
    pipeline = Pipeline(SEGMENTS | FOR_EVER, 2, start=START)
    for number, message in enumerate(found):
        pipeline.send(message | {"messageId": f"m{number}"})
    pipeline.send(GOOD)
    assert events_of(pipeline) + len(pipeline.rejected) == len(found) + 1
    assert pipeline.profile("cookie:c1") is not None


@pytest.mark.parametrize(("number", "is_taken"), [(99, True), (100, False)])
def test_l10_a_message_names_a_hundred_identifiers_at_most(number: int, *, is_taken: bool) -> None:
    ids = [{"type": "k", "id": f"{SECRET}-{each}"} for each in range(number)]
    pipeline = Pipeline(SEGMENTS, 2, start=START)
    pipeline.send(GOOD | {"context": {"externalIds": [*ids, *ids]}})
    assert events_of(pipeline) == is_taken
    assert [reason for _, reason in pipeline.rejected] == [
        "it names 101 identifiers; at most 100 are followed"] * (not is_taken)
