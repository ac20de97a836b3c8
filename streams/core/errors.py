"""The errors of the project, named after what the caller does next.

Why not one class a subsystem: a caller never asks "which module failed?", it asks "dead-letter, retry, refuse
or stop?". So the type is the answer, and the sentence says the rest.

    AudienceError
    |-- Rejected            this input is wrong: dead-letter it with the reason, go on
    |-- Retryable           the world is not ready: the same call may succeed after `after` seconds
    |-- Misconfigured       the operator must act: refuse to start, list every fault
    |   `-- Unreachable     Kafka did not answer: it is away, or elsewhere
    `-- Bug                 an invariant of ours is broken: stop the worker, lose nothing

A sentence says what, what was found, what was expected and what to do; it never holds personal data.
"""


class AudienceError(Exception):
    """Root of the tree, for the outermost edge (a command's exit) only; nothing inside catches it."""


class Rejected(AudienceError):
    """One input cannot be accepted, now or later. The record goes to the dead letters with `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Retryable(AudienceError):
    """The same call may succeed later. `after` is the number of seconds to wait before trying again."""

    def __init__(self, sentence: str, *, after: float) -> None:
        super().__init__(sentence)
        self.after = after


class Misconfigured(AudienceError):
    """The operator must change something first. `faults` lists all that is wrong, not only the first."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        if not faults:
            raise Bug("Misconfigured raised without a fault; give at least one sentence")
        super().__init__("\n".join(faults))
        self.faults = faults


class Unreachable(Misconfigured):
    """No answer from Kafka in time. Whoever asked by hand may have the address wrong; a worker is to be started again."""


class Bug(AudienceError):
    """An invariant of this code does not hold. The worker stops; Kafka holds all that is needed to resume."""
