"""Every command between tasks, whatever is in it, comes back from its bytes as it was; other bytes are a `Bug` only."""
from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from schemas.codec import Codec
from streams.core.endings import Redact
from streams.core.errors import Bug
from streams.core.events import Event
from streams.core.identifiers import Namespaces
from streams.core.messages import Command, Visit
from streams.core.profile import Fragment, Profile
from streams.core.tables import Entry
from streams.task.reading import Reader
from streams.task.wire import _READERS, Applied, Ask, Revise, Staged, Wired, decode, encode
from streams.unit import Inbound
from tests.strategies import START, Message, histories
from tests.task.drawing import TEXT, WHOLE, built, damaged
from tests.task.test_rows import PROFILES

CODEC = Codec()
KINDS: tuple[type[Wired], ...] = (*Command.__args__, Redact, Staged, Revise, Ask)


def _event(entry: Entry, is_replayed: bool) -> Event:
    """What travels of an event, and nothing else in it."""
    arrival, event_time, received_at, _, identifiers, raw = entry
    return Event(
        message_id="", kind="track", name="", event_time=event_time, received_at=received_at, arrival=arrival,
        identifiers=identifiers, properties={}, context={}, traits={}, consent={}, source="", raw=raw,
        is_replayed=is_replayed)


EVENTS = st.builds(
    _event, st.builds(Entry, WHOLE, WHOLE, WHOLE, st.just(""), st.lists(TEXT, min_size=1, max_size=3).map(tuple),
                      st.binary(max_size=9)), st.booleans())
SPECIAL: dict[Any, st.SearchStrategy[Any]] = {Event: EVENTS, Profile: PROFILES, Profile | None: st.none() | PROFILES,
                                              Fragment: built(Fragment, {})}


def _bytes(message: Wired, at: int) -> bytes:
    return encode(CODEC, message, at)


@pytest.mark.parametrize("kind", KINDS)
def test_a_command_comes_back_from_its_bytes(kind: type[Wired]) -> None:
    @given(built(kind, SPECIAL), WHOLE)
    def comes_back(message: Wired, at: int) -> None:
        assert decode(CODEC.decode("command", _bytes(message, at)), _event) == (message, at)

    comes_back()


@pytest.mark.parametrize("kind", KINDS)
def test_other_bytes_are_read_or_a_bug(kind: type[Wired]) -> None:
    written = built(kind, SPECIAL).map(lambda message: CODEC.decode("command", _bytes(message, 0)))

    @given(written.flatmap(lambda row: damaged(st.just(row["body"])).map(lambda body: row | {"body": body})))
    def is_read_or_refused(row: dict[str, Any]) -> None:
        with suppress(Bug):
            decode(row, _event)

    is_read_or_refused()


@given(TEXT, st.binary(max_size=9))
@example("", b"")
def test_an_unknown_kind_is_a_bug(kind: str, body: bytes) -> None:
    assume(kind not in _READERS)
    with pytest.raises(Bug, match="of unknown kind"):
        decode({"kind": kind, "at": 0, "body": body}, _event)


@given(histories(aliases=True))
def test_an_event_is_read_anew_as_it_was_accepted(history: list[Message]) -> None:
    reader = Reader(CODEC, Namespaces(), lambda at: at << 20, str)
    for message in history:
        found = reader.read(Inbound("events.hits", 0, 0, None, orjson.dumps(message), START), message["receivedAt"])
        assert found is not None
        assert decode(CODEC.decode("command", _bytes(*found)), reader.reread) == found


def test_an_event_that_cannot_be_read_anew_stops_the_worker() -> None:
    """A dead letter in its place would leave the others waiting for it."""
    reader = Reader(CODEC, Namespaces(), lambda at: at, str)
    visit = Visit(_event(Entry(1, 1, 1, "", ("cookie:c1",), b"\xc3\x01secret.."), False), ("cookie:c1",), {})
    with pytest.raises(Bug, match="a command `visit` cannot be read"):
        decode(CODEC.decode("command", _bytes(visit, 1)), reader.reread)


def test_who_applies_a_definition_by_a_fast_clock_does_not_put_ours_forward() -> None:
    """A task's clock never goes back: events would be handled ahead of their time until the wall has come there."""
    row = {"kind": "revision", "id": "", "version": 0, "revision": 7, "deleted": False, "source": "",
           "at": START + 3_600_000}
    record = Inbound("definitions", 0, 0, b"revision", CODEC.encode("definition", row), START)
    reader = Reader(CODEC, Namespaces(), lambda at: at, str)
    assert reader.read(record, START) == (Applied(Revise(7)), START)
    assert reader.read(record, START + 7_200_000) == (Applied(Revise(7)), START + 3_600_000)
