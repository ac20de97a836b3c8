"""How much work that no record asks for (timers, background work) a unit takes on, so that events hardly wait for it.

The work is counted in people and timers, whose costs differ: a 360 view or a message from a template costs several times an
exit, and machines differ by a factor of three. So the count follows the CPU time of earlier units. Not wall time: tasks that
compute side by side would then each do less and commit more, and so the less the more there is to do."""
from __future__ import annotations

AIM = 0.012
"""Seconds of CPU of a unit without records, where there is enough to do. It is such a unit of its own task that an event in
twenty waits for. With 0.03 p95 beside a press of 30,000 was 1.4 times that before it, with 0.012 1.1, one run each."""
LEAST = 0.1
"""Share of the most, however slow the machine: background work always goes on."""
STEADY = 0.7, 1.2
"""At most so much less and more from one unit to the next; one that was interrupted says little."""


class Portion:
    """One for each task. `share`: how much of its maximum the processor is to do, above 0 and at most 1."""

    def __init__(self) -> None:
        self.share = 1.0

    def learn(self, seconds: float) -> None:
        """A unit without records took so long. One that had less to do than it was allowed is short, and no reason to do
        less."""
        least, most = STEADY
        change = min(most, max(least, AIM / max(seconds, 1e-6)))
        self.share = min(1.0, max(LEAST, self.share * change))
