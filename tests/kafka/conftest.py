"""One Apache Kafka for the whole test session; tests keep apart by topics and groups of their own."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from streams.core.errors import Misconfigured
from streams.runtime.broker.embedded import EmbeddedBroker
from tests.kafka.cluster import Cluster
from tests.kafka.deployment import Deployment


class Broker(Protocol):
    """What tests may know of the session's broker."""

    @property
    def address(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingBroker:
    """A broker that somebody else runs, named by AUDIENCE_BROKER."""

    address: str


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The session's broker: AUDIENCE_BROKER if set, else an embedded one. Never restarted; see
    `own_broker`."""
    if address := os.environ.get("AUDIENCE_BROKER"):
        yield ExistingBroker(address=address)
        return
    with ExitStack() as stack:
        yield _started(EmbeddedBroker(tmp_path_factory.mktemp("kafka")), stack)


@pytest.fixture
def deployment(broker: Broker, tmp_path: Path) -> Iterator[Deployment]:
    """The pipeline with topics of the test's own, and no workers yet."""
    with Deployment(broker.address, tmp_path) as found:
        yield found


@pytest.fixture
def commanded(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """The deployment that commands look at."""
    deployment.be_commanded(monkeypatch)
    return deployment


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A broker of the test's own, for tests that stop, kill or restart it."""
    with ExitStack() as stack:
        yield _started(EmbeddedBroker(tmp_path / "kafka"), stack)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Three brokers of the test's own that replicate."""
    with Cluster(tmp_path) as cluster:
        yield cluster


def _started(embedded: EmbeddedBroker, stack: ExitStack) -> EmbeddedBroker:
    try:
        return stack.enter_context(embedded)
    except Misconfigured as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no Kafka for this test: {error}")
