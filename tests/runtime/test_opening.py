"""A task is put together, and let go again where that fails; without Kafka."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from streams.runtime.exits import Exit, Stop
from streams.runtime.settings import Settings
from streams.runtime.state.marks import CHANGELOG
from streams.runtime.state.memory import OPEN_FILES, Memory
from streams.runtime.state.store import TaskStore
from streams.runtime.work import opening as opening_module
from streams.runtime.work.opening import Opening
from streams.topology import INPUTS
from streams.unit import Change


class Log:
    """A task's side of Kafka that is fenced and read, or fails at once."""

    is_fenced = False

    def __init__(self, settings: Settings, partition: int, _is_called_off: Callable[[], bool]) -> None:
        self.changelog, self.reader, self.is_closed = TopicPartition("changelog", partition), None, False

    def fence(self) -> None:
        if self.is_fenced:
            raise Stop(Exit.FENCED, "another has it")

    def committed(self, *, has_state: bool) -> dict[str, int]:
        return {topic.name: 0 for topic in INPUTS}

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opening:
    for name, value in {"KafkaLog": Log, "topic_id": lambda *_: "id", "restore": lambda *_, **__: 0}.items():
        monkeypatch.setattr(opening_module, name, value)
    return Opening(Settings.read({"AUDIENCE_DATA": str(tmp_path)}), lambda *_: Any, lambda *_: None)  # type: ignore[arg-type]


def test_a_state_notes_whose_it_is_and_that_of_another_changelog_is_refused(
    opening: Opening, monkeypatch: pytest.MonkeyPatch,
) -> None:
    unit = opening.take_over(2, lambda: False)
    assert unit.state.get("meta", [CHANGELOG]) == [b"id/2"]
    unit.state.write([Change("profiles", b"a", b"1")], 7, 1 << 41)
    unit.close()
    monkeypatch.setattr(opening_module, "topic_id", lambda *_: "another")
    with pytest.raises(Stop, match="of another changelog") as end:
        opening.take_over(2, lambda: False)
    assert end.value.code is Exit.STATE


def test_what_cannot_be_taken_over_is_let_go(opening: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has the folder next could not open it."""
    monkeypatch.setattr(Log, "is_fenced", True)
    with pytest.raises(Stop, match="another has it") as end:
        opening.take_over(0, lambda: False)
    TaskStore(opening.folder(0), Memory(32), wall=0).close()
    assert end.value.code is Exit.FENCED


def test_a_state_keeps_a_bounded_number_of_files_open_and_checks_its_logs(tmp_path: Path) -> None:
    TaskStore(tmp_path / "a", Memory(32), wall=0).close()
    written = max((tmp_path / "a").glob("OPTIONS-*")).read_text()
    assert f"max_open_files={OPEN_FILES}\n" in written and "track_and_verify_wals_in_manifest=true\n" in written
