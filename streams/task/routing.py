"""Where a message goes: to this task's own queue, to another task, or to the world.

What is sent to a key of this partition is handled in the same unit of work, so a visitor whose identifiers share a partition
never waits for a commit; only the rest travels through Kafka."""
from __future__ import annotations

from collections import deque

from schemas.codec import Codec
from streams.core.endings import Redact
from streams.core.messages import Arrive, Command, Resolve, Sent
from streams.core.outputs import Output
from streams.core.requests import Asked, Split
from streams.task.partitioning import partition_of
from streams.task.state import State
from streams.task.wire import Taken, Wired
from streams.task.wire import encode as encode_command
from streams.unit import Outbound

COMMANDS = frozenset(Command.__args__)
FROM_OUTSIDE = frozenset({Arrive, Resolve, Asked, Split})
"""What upstream may have put on the wrong partition."""


class Router:
    """Of one task. `queue`: what is to be handled here, first in first out. `sends`, `outputs`: of the unit that runs, until
    they are taken."""

    def __init__(self, partition: int, partitions: int, state: State, codec: Codec) -> None:
        self._partition, self._partitions, self._codec = partition, partitions, codec
        self._pointers, self._profiles = state.pointers, state.profiles
        self.queue: deque[Wired] = deque()
        self.sends: list[Outbound] = []
        self.outputs: list[Output] = []

    def pass_on(self, message: Taken, at: int) -> bool:
        """Send a message that is for another task on to that one. False if it is for this task."""
        if type(message) not in FROM_OUTSIDE:
            return False
        home: str = message.home  # type: ignore[union-attr]
        if self._profiles.has_local(home) or self._pointers.has_local(home):
            return False
        partition = partition_of(home, self._partitions)
        if partition == self._partition:
            return False
        self._send(message, home, partition, at)  # type: ignore[arg-type]
        return True

    def route(self, sends: list[Sent], at: int) -> None:
        for sent in sends:
            if type(sent) in COMMANDS:
                home: str = sent.home  # type: ignore[union-attr]
                partition = partition_of(home, self._partitions)
                if partition == self._partition:
                    self.queue.append(sent)  # type: ignore[arg-type]
                else:
                    self._send(sent, home, partition, at)  # type: ignore[arg-type]
            elif isinstance(sent, Redact):
                self.announce(sent, at)
                self.queue.append(sent)
            else:
                self.outputs.append(sent)  # type: ignore[arg-type]

    def take(self) -> tuple[list[Outbound], list[Output]]:
        """What the unit sent to other tasks and said to the world."""
        taken = self.sends, self.outputs
        self.sends, self.outputs = [], []
        return taken

    def announce(self, message: Wired, at: int) -> None:
        """To every other task, at its place among the commands."""
        for partition in range(self._partitions):
            if partition != self._partition:
                self._send(message, "definitions", partition, at)

    def _send(self, message: Wired, home: str, partition: int, at: int) -> None:
        self.sends.append(Outbound("commands", home.encode(), encode_command(self._codec, message, at), partition))
