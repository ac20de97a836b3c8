"""`audience check` against what stands on the topics of a real broker."""
from __future__ import annotations

import pytest
from confluent_kafka import Producer

from streams.cli import main
from streams.runtime.settings import Settings
from tests.kafka.deployment import Deployment


def put(settings: Settings, topic: str, *values: bytes) -> None:
    """In a transaction, as workers do."""
    producer = Producer({"bootstrap.servers": settings.broker, "transactional.id": f"{settings.prefix}check"})
    producer.init_transactions(30)
    producer.begin_transaction()
    for value in values:
        producer.produce(settings.prefix + topic, value, b"key", partition=1)
    producer.commit_transaction(30)


def test_records_of_a_schema_registry_are_noticed_where_none_is_set(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    """Everything was said to be as it should be, and no command could read anything."""
    for name, value in deployment.variables.items():
        monkeypatch.setenv(name, value)
    put(deployment.settings, "profiles", b"{}")
    assert main(["check"]) == 0
    put(deployment.settings, "profiles", b"\x00\x00\x00\x00\x07...")
    assert main(["check"]) == 1
    assert "AUDIENCE_REGISTRY is not set, and a record of " in capsys.readouterr().err
    monkeypatch.setenv("AUDIENCE_REGISTRY", "http://127.0.0.1:9")
    assert main(["check"]) == 1
    assert "schema registry http://127.0.0.1:9 does not answer" in capsys.readouterr().err
