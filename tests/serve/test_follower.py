"""The follower of memberships where there is nothing to follow."""
from __future__ import annotations

import threading
from pathlib import Path

import pytest

from streams.runtime.memberships import follower
from streams.runtime.memberships.follower import Follower
from streams.runtime.memberships.store import MembershipsStore
from streams.runtime.settings import Settings
from streams.runtime.state.memory import Memory
from tests.kafka.deployment import free_port


def test_that_no_broker_is_reached_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follower, "ANSWER", 0.05)
    monkeypatch.setattr(follower, "ASK_EVERY", 0.05)
    third, asked = threading.Event(), list[bool]()
    assign = Follower._assign

    def counted(*given: object) -> bool:
        asked.append(assign(*given))  # type: ignore[arg-type]
        if len(asked) == 3:
            third.set()
        return asked[-1]

    monkeypatch.setattr(Follower, "_assign", counted)
    settings = Settings.read({"AUDIENCE_BROKER": f"127.0.0.1:{free_port()}"})
    store = MembershipsStore(tmp_path, Memory(32), wall=0)
    following = Follower(settings, store)
    following.start()
    assert third.wait(30)
    following.stop()
    store.close()
    assert not any(asked)
    [said] = [each for each in caplog.messages if each.startswith("Waiting: ")]
    assert settings.broker in said and "audiences.memberships" in said
