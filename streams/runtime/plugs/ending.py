"""Faust's worker, which ends as ours do: at once, and by a code of `Exit`. Faust's own is 1, whatever happened."""
from __future__ import annotations

from typing import NoReturn

from aiokafka.errors import KafkaError
from faust.worker import Worker

from streams.runtime.exits import Exit, Stop, end_process, leave


class EndingWorker(Worker):
    """Ends the process where Faust would return."""

    def execute_from_commandline(self) -> NoReturn:
        try:
            super().execute_from_commandline()
        except SystemExit as end:
            match end.__context__:  # What Faust was handling when it gave up.
                case KafkaError() as failure:
                    end_process(Stop(Exit.BROKER, f"Faust's client of Kafka: {failure}"))
                case Exception() as failure:
                    end_process(failure)
            leave(end.code if isinstance(end.code, int) else Exit.DONE)
