"""What a worker measures of its units of work."""
from __future__ import annotations

import pytest

from streams.runtime.status.instruments import Instruments
from streams.runtime.status.windows import Latencies, Rate
from streams.runtime.work.runner import Done
from streams.unit import Inbound, Outcome
from streams.web.status import Percentiles


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


def test_a_rate_is_of_the_last_seconds() -> None:
    now = [0.0]
    rate = Rate(10, lambda: now[0])
    for at, amount in ((0, 50), (5, 20)):
        now[0] = at
        rate.add(amount)
    told = []
    for now[0] in (5, 10, 10.1, 15.1):
        told.append(rate.per_second())
    assert told == [7, 7, 2, 0]


def test_percentiles_are_of_the_newest_samples_of_the_last_seconds() -> None:
    now = [0.0]
    latencies = Latencies(60, most=100, clock=lambda: now[0])
    assert latencies.percentiles() == Percentiles(p50=0, p95=0, p99=0, samples=0)
    latencies.add(range(1_000, 1_200))
    latencies.add(range(100))
    assert latencies.percentiles() == Percentiles(p50=50, p95=95, p99=99, samples=100)
    now[0] = 60
    latencies.add([7])
    assert latencies.percentiles().samples == 100
    now[0] = 60.1
    assert latencies.percentiles() == Percentiles(p50=7, p95=7, p99=7, samples=1)
