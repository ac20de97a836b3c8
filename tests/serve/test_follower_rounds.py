"""The copy of the memberships, round by round, by a consumer that is none."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import TopicPartition

from schemas import Codec
from streams.runtime.memberships import follower
from streams.runtime.memberships.follower import Follower, _MadeAnew
from streams.runtime.memberships.store import MembershipsStore
from streams.runtime.settings import Settings
from streams.runtime.state.memory import Memory
from tests.consumed import Message

TOPIC, CODEC = "audiences.memberships", Codec()


class Topic:
    """A consumer of a topic of one partition that ends at `end`; and who is asked where it ends."""

    def __init__(self, end: int) -> None:
        self.end, self.messages, self.begun = end, list[Message](), -1

    def list_topics(self, _: str, timeout: float) -> Any:
        return SimpleNamespace(topics={TOPIC: SimpleNamespace(error=None, partitions={0: None})})

    def get_watermark_offsets(self, _: TopicPartition, _within: float) -> tuple[int, int]:
        return 0, self.end

    def assign(self, places: list[TopicPartition]) -> None:
        self.begun = places[0].offset

    def consume(self, _count: int, _within: float) -> list[Message]:
        found, self.messages = self.messages, []
        return found

    def now(self, _places: Iterable[TopicPartition]) -> dict[tuple[str, int], int]:
        return {(TOPIC, 0): self.end}


class Copying:
    """A follower of that topic, which is `topic_id`; it asks in every round where the topic ends."""

    def __init__(self, folder: Path, topic: Topic) -> None:
        self.store, self.topic = MembershipsStore(folder / "copy", Memory(32), wall=0), topic
        self.follower = Follower(Settings.read({}), self.store)
        self.follower._ends = cast(Any, topic)

    def begin(self) -> None:
        assert self.follower._assign(cast(Any, self.topic))

    def round(self, *messages: Message) -> None:
        self.topic.messages += messages
        self.follower._ask_at = 0.0
        self.follower._round(cast(Any, self.topic), CODEC)

    def is_current(self) -> bool:
        return self.follower.current_as_of is not None


def row(offset: int, identifier: str, *segments: str) -> Message:
    record = {"identifier": identifier, "segments": list(segments), "at": 1}
    return Message(offset, identifier.encode(), CODEC.encode("memberships", record))


@pytest.fixture
def copying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Copying]:
    monkeypatch.setattr(follower, "topic_id", lambda *_: "the first")
    copying = Copying(tmp_path, Topic(end=3))
    copying.begin()
    yield copying
    copying.store.close()


def test_is_current_once_everything_that_was_there_when_it_asked_is_in_the_copy(copying: Copying) -> None:
    copying.round(row(0, "cookie:a", "s"))
    assert not copying.is_current() and copying.store.positions() == {0: 1}
    copying.round(row(1, "cookie:b", "s"))
    assert not copying.is_current()
    copying.round(Message(2, b"cookie:a"))
    assert copying.is_current() and copying.store.positions() == {0: 3}
    assert copying.store.get(["cookie:a"]) == [None] and b"cookie:b" in (copying.store.get(["cookie:b"])[0] or b"")


def test_goes_on_where_the_copy_stands(copying: Copying) -> None:
    copying.round(row(0, "cookie:a", "s"), row(1, "cookie:b", "s"))
    copying.begin()
    assert copying.topic.begun == 2 and copying.store.get(["cookie:a"]) != [None]


def test_a_topic_that_goes_back_is_another_one(copying: Copying) -> None:
    copying.round(row(0, "cookie:a", "s"), row(1, "cookie:b", "s"))
    with pytest.raises(_MadeAnew):
        copying.round(row(1, "cookie:x", "s"))
    with pytest.raises(_MadeAnew):
        copying.round(Message(1))
    copying.topic.end, copying.follower._asked = 1, None
    with pytest.raises(_MadeAnew):
        copying.round()


def test_of_a_topic_that_was_made_anew_and_is_longer_nothing_is_kept(
    copying: Copying, monkeypatch: pytest.MonkeyPatch,
) -> None:
    copying.round(row(0, "cookie:a", "s"), row(1, "cookie:b", "s"))
    monkeypatch.setattr(follower, "topic_id", lambda *_: "the second")
    copying.begin()
    assert copying.topic.begun == 0 and copying.store.get(["cookie:a"]) == [None]
    assert copying.store.topic_id() == "the second" and copying.follower.is_anew
