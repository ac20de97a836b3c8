"""`audience demo` as a person runs it: exit 0 says that Kafka's topics agree with the simulator's answer."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.kafka.conftest import Broker
from tests.kafka.conftest import broker as broker

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(180)
def test_the_demo_agrees_with_its_own_answer(broker: Broker) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "streams.cli", "demo", "--auto", "--events", "3000", "--seconds", "12",
         "--broker", broker.address],
        cwd=ROOT, capture_output=True, text=True, timeout=150, check=False,
    )
    assert ended.returncode == 0, ended.stdout[-4_000:] + ended.stderr[-2_000:]
    assert "Kafka's topics agree with the simulator's answer." in ended.stdout
