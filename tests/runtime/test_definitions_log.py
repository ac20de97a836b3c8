"""A revision on its way to the topic `definitions`, without Kafka."""
from __future__ import annotations

from typing import Any, ClassVar

import pytest
from confluent_kafka import KafkaError, KafkaException

from schemas.errors import Undecodable
from streams.core.errors import Misconfigured
from streams.runtime.outside import definitions_log
from streams.runtime.outside.definitions_log import History, _write, edit, history
from streams.runtime.settings import Settings
from streams.task.publishing import Published

ROOM = 3


class Full:
    """A producer that holds `ROOM` records, and has room again once it is polled."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.values: list[bytes | None] = []
        self.held = 0
        self.is_committed = False

    def begin_transaction(self) -> None:
        pass

    def produce(self, _topic: str, value: bytes | None, key: bytes, **_where: Any) -> None:
        if self.held == ROOM:
            raise BufferError("Local: Queue full")
        self.held += 1
        self.keys.append(key)
        self.values.append(value)

    def poll(self, _seconds: float) -> int:
        self.held = 0
        return 0

    def commit_transaction(self, _seconds: float) -> None:
        self.is_committed = True


def test_a_revision_that_is_more_than_the_producer_holds_is_written_whole() -> None:
    """50,000 definitions ended `apply` with a traceback."""
    producer = Full()
    changed = {f"segment/s{n}": Published(document={"id": f"s{n}"}, version=1, state=None) for n in range(10)}
    _write(Settings.read({}), producer, History(), changed)  # type: ignore[arg-type]
    assert producer.is_committed
    heads = [key for key in producer.keys if b"@" not in key and key.startswith(b"segment/")]
    assert heads == [key.encode() for key in changed]
    assert len(producer.keys) == 2 * len(changed) + 1


class Standing:
    """A record of the topic."""

    def __init__(self, key: bytes | None, value: bytes | None) -> None:
        self._key, self._value = key, value

    def key(self) -> bytes | None:
        return self._key

    def value(self) -> bytes | None:
        return self._value


def test_what_is_no_definition_is_passed_over_and_what_a_newer_version_wrote_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipeline has a dead letter of the former; to write over the latter would lose it."""
    written = Full()
    _write(Settings.read({}), written, History(), {"segment/s": Published(document={"id": "s"}, version=1, state=None)})  # type: ignore[arg-type]
    topic = [Standing(None, b"x"), Standing(b"segment/x", b"rubbish"), Standing(b"\xff@1", None),
             *(Standing(key, value) for key, value in zip(written.keys, written.values, strict=True))]
    monkeypatch.setattr(definitions_log, "check_topics", lambda _: None)
    monkeypatch.setattr(definitions_log, "committed", lambda *_: iter(topic))
    found = history(Settings.read({}))
    assert (found.documents, found.revision, list(found.versions)) == ({"segment/s": {"id": "s"}}, 1, ["segment/s"])
    topic.append(Standing(b"segment/y", b"\xc3\x0112345678"))
    with pytest.raises(Undecodable, match="unknown-fingerprint"):
        history(Settings.read({}))


class Editor(Full):
    """Overtaken by as many others as are left in `others`."""

    others: ClassVar[list[KafkaError]] = []

    def init_transactions(self, _seconds: float) -> None:
        pass

    def commit_transaction(self, seconds: float) -> None:
        if self.others:
            raise KafkaException(self.others.pop())
        super().commit_transaction(seconds)


def test_an_editor_that_was_overtaken_begins_anew_with_what_stands_then(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"check_topics": lambda _: None, "committed": lambda *_: iter(()), "PAUSE": 0.0,
                        "Producer": lambda *_, **__: Editor()}.items():
        monkeypatch.setattr(definitions_log, name, value)
    Editor.others = [KafkaError(KafkaError._FENCED), KafkaError(KafkaError.UNKNOWN, "x", False, False, True)]
    asked: list[History] = []

    def change(found: History) -> dict[str, Published]:
        asked.append(found)
        return {"segment/s": Published(document={"id": "s"}, version=1, state=None)}

    edit(Settings.read({}), change)
    assert len(asked) == 3 and Editor.others == []
    Editor.others = [KafkaError(KafkaError._TIMED_OUT)]
    with pytest.raises(Misconfigured, match="did not say whether it has the revision"):
        edit(Settings.read({}), change)
