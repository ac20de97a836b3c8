"""What the demo makes of the settings it finds: its own broker is one, and its workers have no name in common."""
from __future__ import annotations

from contextlib import ExitStack, nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from streams.demo import play
from streams.demo.play import Demo, Script

FOUND = {"AUDIENCE_REPLICATION": "3", "AUDIENCE_INSTANCE": "shop", "HOME": "/"}


@pytest.mark.parametrize(("broker", "replication"), [(None, "1"), ("kafka:9092", "3")])
def test_copies_are_of_the_broker_that_is_used(
    broker: str | None, replication: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(play, "EmbeddedBroker", lambda *_, **__: nullcontext(SimpleNamespace(address="127.0.0.1:1")))
    script = Script(events=1, seed=1, seconds=1.0, workers=2, is_auto=True, is_kept=False, is_alone=True, broker=broker,
                    folder=tmp_path)
    with ExitStack() as stack:
        variables = Demo(script, FOUND, Console(quiet=True))._variables(stack)
    assert (variables["AUDIENCE_REPLICATION"], variables["AUDIENCE_INSTANCE"]) == (replication, "")
    assert variables["HOME"] == "/"
