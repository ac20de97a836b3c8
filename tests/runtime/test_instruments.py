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
