"""Topics read from outside, without a broker."""
from __future__ import annotations

from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams import topology
from streams.core.errors import Misconfigured
from streams.runtime.exits import Exit, Stop
from streams.runtime.kafka.consumers import at_end, committed_only, onlooker
from streams.runtime.memberships.follower import Follower
from streams.runtime.memberships.store import MembershipsStore
from streams.runtime.outside import reading, state_reader
from streams.runtime.settings import Settings
from streams.runtime.state.memory import Memory
from streams.runtime.state.store import STATE_VERSION, VERSION

SETTINGS = Settings.read({})
[META] = [table.code for table in topology.TABLES if table.name == "meta"]


class Leaderless:
    """A consumer that is answered with errors, one a call, before it is told where a partition ends."""

    def __init__(self, *errors: int) -> None:
        self.errors, self.assigned = list(errors), list[Any]()

    def get_watermark_offsets(self, _place: Any, _within: float) -> tuple[int, int]:
        if self.errors:
            raise KafkaException(KafkaError(self.errors.pop(0)))
        return 0, 7

    def assign(self, places: list[Any]) -> None:
        self.assigned = places

    def close(self) -> None: ...


def test_a_partition_without_a_leader_yet_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Leaderless(KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
    monkeypatch.setattr(reading, "_consumer", lambda *_: consumer)
    with reading.awaiting(SETTINGS, "segments.answers"):
        assert [place.offset for place in consumer.assigned] == [7] * SETTINGS.partitions


def test_what_does_not_pass_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_consumer", lambda *_: Leaderless(KafkaError.TOPIC_AUTHORIZATION_FAILED))
    with pytest.raises(Misconfigured, match="Topic authorization failed; "), reading.awaiting(SETTINGS, "segments.answers"):
        pass


@pytest.mark.parametrize(("code", "is_end"), [
    (KafkaError._PARTITION_EOF, True), (KafkaError.LEADER_NOT_AVAILABLE, False), (KafkaError._TRANSPORT, False)])
def test_an_end_and_an_error_that_passes_are_told_apart(code: int, is_end: bool) -> None:
    assert at_end(polled(code)) is is_end


@pytest.mark.parametrize("code", [KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError._AUTO_OFFSET_RESET])
def test_a_topic_that_cannot_be_read_ends_with_the_brokers_code(code: int) -> None:
    """Workers ended as after a bug, with a traceback that did not name the topic."""
    with pytest.raises(Stop, match=r"topic\[3\] cannot be read") as end:
        at_end(polled(code))
    assert end.value.code is Exit.BROKER


def polled(code: int) -> Any:
    return SimpleNamespace(error=lambda: KafkaError(code), topic=lambda: "topic", partition=lambda: 3)


@pytest.mark.parametrize("version", [STATE_VERSION - 1, STATE_VERSION + 1])
def test_the_state_of_another_version_is_not_read(version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows mean something else."""
    row = SimpleNamespace(key=lambda: META + VERSION.key, value=lambda: bytes([version]))
    monkeypatch.setattr(state_reader, "committed", lambda *_: [row])
    with pytest.raises(Stop, match=f"version {version}, this worker reads"):
        state_reader.read_state(SETTINGS, 0)


def test_a_follower_that_is_stopped_while_it_waits_for_its_registry_has_not_failed(tmp_path: Path) -> None:
    failures: list[BaseException] = []
    settings = Settings.read({"AUDIENCE_BROKER": "127.0.0.1:9", "AUDIENCE_REGISTRY": "http://127.0.0.1:9"})
    with closing(MembershipsStore(tmp_path, Memory(4), wall=0)) as store:
        follower = Follower(settings, store, failures.append)
        follower.start()
        follower.stop()
    assert failures == []


def test_no_reader_sees_what_is_not_committed_nor_commits_by_itself_and_an_onlooker_sees_all() -> None:
    reader, looking = committed_only(SETTINGS, "g"), onlooker(SETTINGS, "g")
    assert (reader["isolation.level"], reader["enable.auto.commit"]) == ("read_committed", False)
    assert (looking["isolation.level"], looking["enable.auto.commit"]) == ("read_uncommitted", False)
