"""What a deployment does about topics that are there before it, without a broker."""
from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streams.runtime.exits import Stop
from streams.runtime.kafka import beginning
from streams.runtime.kafka.beginning import begin
from streams.runtime.kafka.names import Names
from streams.runtime.settings import Settings

SETTINGS = Settings.read({"AUDIENCE_PARTITIONS": "2"})
CHANGELOG = Names(SETTINGS).changelog


class Cluster:
    """A client of the group that committed `offset` of every source; `commands` ends at 7 and 0."""

    def __init__(self, offset: int = -1001, refuses: int | None = None) -> None:
        self._offset, self._refuses = offset, refuses
        self.passed_over: list[tuple[str, int, int]] = []
        self.is_closed = False

    def committed(self, places: list[TopicPartition], _within: float) -> list[TopicPartition]:
        assert not [each for each in places if each.topic == "commands"]
        return [TopicPartition(each.topic, each.partition, self._offset) for each in places]

    def get_watermark_offsets(self, place: TopicPartition, _within: float) -> tuple[int, int]:
        return 0, 0 if place.partition else 7

    def commit(self, offsets: list[TopicPartition], **_: Any) -> list[TopicPartition]:
        if self._refuses is not None:
            raise KafkaException(KafkaError(self._refuses))
        self.passed_over += [(each.topic, each.partition, each.offset) for each in offsets]
        return offsets

    def close(self) -> None:
        self.is_closed = True


def begun(monkeypatch: pytest.MonkeyPatch, cluster: Cluster, *lacking: str) -> list[str]:
    monkeypatch.setattr(beginning, "Consumer", lambda _: cluster)
    found = list(begin(SETTINGS, lacking))
    assert cluster.is_closed or not {CHANGELOG, "commands"} & set(lacking)
    return found


def test_whoever_begins_on_anothers_topics_reads_none_of_its_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster()
    assert begun(monkeypatch, cluster, CHANGELOG) == []
    assert cluster.passed_over == [("commands", 0, 7), ("commands", 1, 0)]


@pytest.mark.parametrize("lacking", [CHANGELOG, "commands"])
def test_what_is_nowhere_else_is_not_made_anew_for_a_group_that_has_worked(
    monkeypatch: pytest.MonkeyPatch, lacking: str,
) -> None:
    cluster = Cluster(offset=40)
    [fault] = begun(monkeypatch, cluster, lacking)
    assert f"group audience has offsets that go with them: {lacking}. They were deleted" in fault
    assert cluster.passed_over == []


def test_another_topic_that_lacks_or_a_first_start_asks_nothing_and_passes_nothing_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster(offset=40)
    assert begun(monkeypatch, cluster, "activations.sms") == [] == cluster.passed_over
    assert begun(monkeypatch, Cluster(), CHANGELOG, "commands") == []


def test_beside_a_worker_that_works_already_nothing_is_to_be_done_and_any_other_refusal_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert begun(monkeypatch, Cluster(refuses=KafkaError.UNKNOWN_MEMBER_ID), CHANGELOG) == []
    with pytest.raises(Stop):
        begun(monkeypatch, Cluster(refuses=KafkaError.GROUP_AUTHORIZATION_FAILED), CHANGELOG)
