"""What a worker's process does before it works."""
from __future__ import annotations

import logging.config

import pytest

from streams.cli import main
from streams.runtime import worker
from streams.runtime.logs import logging_config


class Ended(Exception):
    pass


def test_the_log_is_begun_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was configured twice, the second time with filters that stand twice."""
    begun: list[object] = []

    def ended(*_: object, **__: object) -> None:
        raise Ended

    monkeypatch.setattr(logging.config, "dictConfig", begun.append)
    monkeypatch.setattr(worker.sys, "setswitchinterval", ended)
    monkeypatch.setattr(worker.cycles, "begin", lambda: None)
    with pytest.raises(Ended):
        main(["worker"])
    assert [each.keys() for each in begun] == [logging_config().keys()]  # type: ignore[attr-defined]
