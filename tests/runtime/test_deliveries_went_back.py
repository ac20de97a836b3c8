"""Offsets of a channel that go back: another topic under the same name, or one that has lost its end."""
from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.delivery.progress import Mark
from streams.runtime.beside import deliveries
from streams.runtime.beside.deliveries import KafkaActivations
from streams.runtime.settings import Settings


@pytest.fixture
def activations(monkeypatch: pytest.MonkeyPatch) -> Iterator[KafkaActivations]:
    """Read up to 10, of which all are delivered. No broker is there."""
    monkeypatch.setattr(deliveries, "persistently", lambda _, call: [])
    found = KafkaActivations(Settings.read({"AUDIENCE_BROKER": "127.0.0.1:1"}), "mail", "email")
    found._topic_id, found._read, found._marks = "first", {0: 10}, {0: Mark(end=10)}
    yield found
    found.close()


def message(offset: int) -> Any:
    return SimpleNamespace(error=lambda: None, partition=lambda: 0, offset=lambda: offset)


@pytest.mark.parametrize("now", ["first", ""])
def test_of_a_topic_that_lost_its_end_nothing_comes_again(
    activations: KafkaActivations, now: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:
    """After an unclean election, say: whoever had a mail would have had it twice."""
    monkeypatch.setattr(deliveries, "topic_id", lambda *_: now)
    assert activations._is_record(message(4))
    assert activations._marks == {0: Mark(end=10)} and activations._read == {0: 5}
    assert "lost records from 4 on" in caplog.text


def test_a_topic_that_is_another_one_is_read_from_its_beginning(
    activations: KafkaActivations, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(deliveries, "topic_id", lambda *_: "second")
    assert not activations._is_record(message(4))
    assert activations._marks == {} and "was deleted and made anew" in caplog.text
