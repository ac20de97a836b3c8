"""Which of two processes has which tests, when the whole suite is run.

Tests of the runtime wait for Kafka, and hardly need a core while they do. So one process has those of the session's broker,
and the other one the rest meanwhile: a file at a time, for whoever is free. Last come tests with a broker of their own.
"""
from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

SHARING = "tests/kafka/", "tests/cli/test_demo.py"
"""On the session's broker; each process would start one."""
BY_THEMSELVES = (
    "tests/kafka/test_pipeline_faults.py::test_l8_rebalances", "tests/kafka/test_collect.py",
    "tests/kafka/test_exactly_once.py::test_l8_a_broker", "tests/kafka/test_writer.py::test_requests_wait",
    "tests/kafka/test_deliveries.py::test_told_to_end", "tests/kafka/test_deliveries.py::test_who_was_written_to",
    "tests/kafka/test_serve.py::test_is_not_ready", "tests/kafka/test_broker.py")
"""With a broker of their own, the longest first. One that is not named here runs with those that share."""
LAST = 2


def turn(nodeid: str) -> int:
    """What takes longest first, what fills the end last, from `LAST` on."""
    for place, start in enumerate(BY_THEMSELVES):
        if nodeid.startswith(start):
            return LAST + place
    return 0 if nodeid.startswith(SHARING) else 1


class SideBySide(LoadScopeScheduling):
    """What is handed out at once: all that share the broker, a file, or one test with a broker of its own."""

    def _split_scope(self, nodeid: str) -> str:
        match turn(nodeid):
            case 0:
                return SHARING[0]
            case 1:
                return nodeid.partition("::")[0]
        return nodeid
