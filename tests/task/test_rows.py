"""Every state row, whatever is in it, comes back from its bytes as it was; damaged bytes are a `Bug`, not a traceback."""
from __future__ import annotations

from contextlib import suppress
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.core.errors import Bug
from streams.core.press import Press, Pressed
from streams.core.profile import Forward, Fragment, Profile
from streams.core.requests import Receipt
from streams.core.tables import Entry, Node, Person, Pointer
from streams.memory import MemoryStore
from streams.runtime.state.store import RESERVED
from streams.task.prefixes import Identities, Meta
from streams.task.rows import (
    DOCUMENT,
    NODE,
    PERSON,
    PLAIN,
    POINTER,
    PRESS,
    PROFILE,
    RAW,
    RECEIPT,
    Documented,
    RowCodec,
)
from streams.task.timelines import StoredTimeline
from streams.task.working import WorkingTable
from streams.testing import Pipeline
from streams.unit import ALL, Change
from tests.task.drawing import JSON, WHOLE, built, damaged

FRAGMENTS = st.lists(built(Fragment, {}), max_size=2).map(lambda found: {each.key: each for each in found})
PRESSED = st.builds(Pressed, WHOLE, st.none() | st.floats(0, 1e6))
PROFILES = built(Profile, {dict[str, Fragment]: FRAGMENTS})
ROWS: dict[str, tuple[RowCodec, st.SearchStrategy[Any]]] = {
    "profile": (PROFILE, PROFILES),
    "forward": (PROFILE, built(Forward, {})),
    "pointer": (POINTER, built(Pointer, {})),
    "node": (NODE, built(Node, {})),
    "person": (PERSON, built(Person, {})),
    "press": (PRESS, built(Press, {})),
    "receipt": (RECEIPT, built(Receipt, {})),
    "chunk": (RAW, st.binary()),
    "number": (PLAIN, WHOLE),
    "document": (DOCUMENT, st.builds(Documented, JSON, WHOLE, st.none() | st.text(), st.none() | PRESSED)),
    "plain row": (PLAIN, JSON),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_comes_back_from_its_bytes(name: str) -> None:
    codec, rows = ROWS[name]

    @given(rows)
    def comes_back(row: Any) -> None:
        assert codec.decode(codec.encode(row)) == row

    comes_back()


def _read(codec: RowCodec, data: bytes) -> Any:
    store = MemoryStore()
    store.write([Change("profiles", b"secret", data)])
    return WorkingTable[Any](store, "profiles", codec).get("secret")


@pytest.mark.parametrize("name", ROWS)
def test_a_damaged_row_is_read_or_a_bug(name: str) -> None:
    codec, rows = ROWS[name]

    @given(damaged(rows.map(codec.encode)))
    @example(b"")
    def is_read_or_refused(data: bytes) -> None:
        with suppress(Bug):
            _read(codec, data)

    is_read_or_refused()


@pytest.mark.parametrize("codec", [PROFILE, POINTER, NODE, PERSON, PRESS, RECEIPT])
def test_a_damaged_row_is_named_by_its_table_only(codec: RowCodec) -> None:
    with pytest.raises(Bug, match=r"^a row of profiles cannot be read \(\w+\)") as refused:
        _read(codec, b"\xa9secret")
    assert "secret" not in str(refused.value)


TIMELINES = st.dictionaries(
    st.sampled_from(("c1", "c1\x001", "u1")), st.lists(built(Entry, {}), max_size=3, unique_by=attrgetter("arrival")))


@given(TIMELINES)
def test_a_timeline_comes_back_in_order_of_arrival(found: dict[str, list[Entry]]) -> None:
    store = MemoryStore()
    timeline = StoredTimeline(store)
    for profile, entries in found.items():
        for entry in entries:
            timeline.append(profile, entry)
            store.write(timeline.changes())
    for profile, entries in found.items():
        assert StoredTimeline(store).entries(profile) == sorted(entries)


def test_the_keys_of_the_graph_are_permanent_until_the_state_has_another_version() -> None:
    """Of a release that wrote others nothing would be found, and nothing would say so."""
    pipeline = Pipeline(None, 1)
    pipeline.send({"type": "identify", "messageId": "m1", "anonymousId": "c1", "userId": "u1"})
    pipeline.request("erase", "customer_id:u2")
    keys = [key for key, _ in pipeline.stores[0].scan("identities", b"", b"\xff", ALL)]
    assert {b"icookie:c1", b"icustomer_id:u1", b"pcustomer_id:u1", b"cdecisions"} <= {*keys}
    assert {key[:1] for key in keys} == {b"c", b"e", b"i", b"p", b"r"}


@pytest.mark.parametrize("table", [Meta, Identities])
def test_no_two_kinds_of_rows_begin_with_the_same_byte(table: type) -> None:
    prefixes = [value for name, value in vars(table).items() if name.isupper()]
    assert prefixes and all(len(prefix) == 1 and prefix != RESERVED for prefix in prefixes)
    assert len({*prefixes}) == len(prefixes)
