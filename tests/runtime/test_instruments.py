"""What a worker measures of its units of work."""
from __future__ import annotations

import pytest

from streams.runtime.status.instruments import Instruments
from streams.runtime.work.runner import Done
from streams.unit import Inbound, Outcome


@pytest.mark.parametrize(("topic", "samples"), [
    ("events.hits", 1), ("events.interactions", 1), ("definitions", 0), ("privacy.requests", 0), ("commands", 0)])
def test_latency_is_of_events_alone(topic: str, samples: int) -> None:
    instruments = Instruments("app")
    record = Inbound(topic, 0, 0, b"k", b"v", 1_000)
    instruments.observe(0, Done(records=[record], outcome=Outcome([], []), seconds=0, commit_seconds=0, wall=1_250))
    assert f"audience_event_to_output_seconds_count {samples:.1f}".encode() in instruments.metrics.text()


@pytest.mark.parametrize(("seconds", "commits"), [(0.25, 1), (None, 0)])
def test_a_unit_without_a_transaction_is_no_commit(seconds: float | None, commits: int) -> None:
    instruments = Instruments("app")
    instruments.observe(0, Done(records=[], outcome=Outcome([], []), seconds=1, commit_seconds=seconds, wall=0))
    assert f"audience_commit_seconds_count {commits:.1f}".encode() in instruments.metrics.text()
