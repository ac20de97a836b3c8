"""Definitions edited by several at once, by whoever is killed in the middle, and where the broker's answer is lost."""
from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from schemas.codec import Codec
from streams.cli import main
from streams.runtime.beside.destinations_log import DestinationsLog
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.topics import ensure_topics
from streams.runtime.outside import definitions_log
from streams.runtime.outside.button import pause, press_button
from streams.runtime.outside.definitions_log import history
from streams.runtime.settings import Settings
from streams.task.publishing import HEAD
from tests.kafka.conftest import Broker

SEGMENT = "kind: segment\nid: everybody\nrule: {everyone: {}}\n"
CAMPAIGN = """kind: campaign
id: hello
name: version %d
segment: everybody
channels: {email: {subject: Hello, text: Hi, purpose: mail}}
"""
EDITS = 6
DIES = """
import os, signal, sys
from confluent_kafka import Producer
from streams.cli import main
from streams.runtime.outside import definitions_log

class Dying(Producer):
    def commit_transaction(self, *_):
        self.flush()
        os.kill(os.getpid(), signal.SIGKILL)

definitions_log.Producer = Dying
main(sys.argv[1:])
"""
"""The command line, killed when all of a revision stands on the broker, but for the end of its transaction."""


@pytest.fixture
def settings(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a deployment without workers, which the command line looks at."""
    variables = {"AUDIENCE_BROKER": broker.address, "AUDIENCE_PREFIX": f"{uuid4().hex[:8]}."}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = Settings.read(variables)
    ensure_topics(found)
    return found


def apply(folder: Path, version: int) -> int:
    folder.mkdir(exist_ok=True)
    (folder / "all.yaml").write_text(f"{SEGMENT}---\n{CAMPAIGN % version}")
    return main(["apply", str(folder)])


def test_of_two_who_edit_at_the_same_time_neither_undoes_what_the_other_did(settings: Settings, tmp_path: Path) -> None:
    assert apply(tmp_path / "rules", 1) == 0
    with ThreadPoolExecutor(1) as other:
        applied = other.submit(lambda: [apply(tmp_path / "rules", 2 + number) for number in range(EDITS)])
        pressed = [(press_button if number % 2 == 0 else pause)(settings, "hello") for number in range(EDITS + 1)]
        assert applied.result() == [0] * EDITS
    assert pressed == [True] * (EDITS + 1), "no press and no pause finds the campaign as it is not"
    found = history(settings)
    head = found.heads["campaign/hello"]
    assert (head.state, head.version, found.revision) == ("live", 1 + EDITS, 1 + EDITS + EDITS + 1)
    assert [*found.versions["campaign/hello"]] == [*range(1, 2 + EDITS)]


def test_who_is_killed_before_the_end_has_changed_nothing_and_holds_nobody_up(settings: Settings, tmp_path: Path) -> None:
    assert apply(tmp_path / "rules", 1) == 0
    (tmp_path / "rules/all.yaml").write_text(SEGMENT)
    code = subprocess.run([sys.executable, "-c", DIES, "apply", str(tmp_path / "rules")], timeout=60, check=False).returncode
    assert code == -signal.SIGKILL
    assert history(settings).revision == 1
    began = time.monotonic()
    assert apply(tmp_path / "rules", 2) == 0
    assert time.monotonic() - began < 15, "a transaction that is left open lasts a minute"
    found = history(settings)
    assert (found.revision, found.heads["campaign/hello"].version) == (2, 2)


def test_where_the_answer_is_lost_it_is_not_said_that_nothing_changed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    class Deaf(Producer):
        def commit_transaction(self, *arguments: float) -> None:
            super().commit_transaction(*arguments)
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "", False, True))

    with monkeypatch.context() as patch:
        patch.setattr(definitions_log, "Producer", Deaf)
        assert apply(tmp_path / "rules", 1) == 1
    said = capsys.readouterr().err
    assert "did not say whether it has the revision: no answer in time; give the command again" in said
    assert apply(tmp_path / "rules", 1) == 0
    assert "nothing to apply" in capsys.readouterr().err


RUBBISH = (
    (b"\xff\xfe", b"no Avro"), (b"segment/x", b"{}"), (b"destination/d", b"no Avro"), (b"segment/x@newest", None),
    (b"\xff@1", None))


def test_l9_whatever_stands_on_the_topic_is_read_past_and_apply_mends_it(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither `apply` nor `deliver` could read on; workers are in tests/pipeline/test_bad_definitions."""
    producer, topic = Producer({"bootstrap.servers": settings.broker}), Names(settings).on_cluster("definitions")
    row = {"version": 1, "revision": 1, "deleted": False, "source": "no JSON", "state": None, "press": None, "at": 1}
    bad = {f"{kind}/bad": row | {"kind": kind, "id": "bad"} for kind in ("segment", "campaign", "destination")}
    bad[HEAD] = row | {"kind": HEAD, "id": "head"}
    records = [(key.encode(), Codec().encode("definition", record)) for key, record in bad.items()]
    for key, value in (*RUBBISH, *records):
        producer.produce(topic, value, key, partition=0)
    assert producer.flush(10) == 0
    assert history(settings).heads["segment/bad"].document == "no JSON"
    assert asyncio.run(_destinations(settings)) == {"destination/bad": "no JSON"}
    assert main(["segment", "list", "--within", "1"]) == 1, "no task answers"
    assert capsys.readouterr().out.splitlines()[1].split() == ["bad", "1", "unknown", "?"]
    assert main(["check"]) == 1
    assert 'on the topic of definitions, segment/bad: the document is "no JSON"; expected' in capsys.readouterr().err
    assert apply(tmp_path / "rules", 1) == 0
    assert main(["check"]) == 0
    assert history(settings).documents.keys() == {"segment/everybody", "campaign/hello"}
    assert asyncio.run(_destinations(settings)) == {}


async def _destinations(settings: Settings) -> Mapping[str, Any] | None:
    log = DestinationsLog(settings)
    try:
        async with asyncio.timeout(30):
            while (found := await log.news(1)) is None:
                pass
        return found
    finally:
        log.close()
