"""`audience replay` without a broker: what it hands to the topics, and what it says of it."""
from __future__ import annotations

from pathlib import Path
from types import TracebackType

import pytest

from streams.cli import main
from streams.core.identifiers import Namespaces
from streams.core.intake import Intake
from streams.runtime.kafka import topics
from streams.runtime.outside import upstream
from streams.task.reading import phone_number

GOOD = b'{"type": "track", "event": "Seen", "anonymousId": "c1"}\n'


class Taken:
    """An upstream that keeps what it is given."""

    values: list[bytes]

    def __init__(self, _: object) -> None:
        self.intake = Intake(Namespaces(), phone_number)
        self.too_large = 0
        Taken.values = []

    def __enter__(self) -> Taken:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def send(self, topic: str, key: bytes | None, value: bytes, headers: object) -> None:
        self.values.append(value)


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "check_topics", lambda _: None)
    monkeypatch.setattr(upstream, "Upstream", Taken)


@pytest.mark.parametrize("line", [b"\xde\xad\xbe\xef", '{"type": "track"}'.encode("utf-16-le"), b"[1]", b'{"cut',
                                  b'{"type": "track", "event": "Seen", "properties": {"price": NaN}}'])
def test_what_is_no_message_is_sent_and_said(line: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = tmp_path / "events.jsonl"
    events.write_bytes(GOOD + line + b"\n")
    assert main(["replay", str(events)]) == 1
    assert ", 1 no JSON objects: see dead-letters" in capsys.readouterr().err
    assert Taken.values[1] == line


def test_of_messages_alone_nothing_more_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = tmp_path / "events.jsonl"
    events.write_bytes(GOOD * 3)
    assert main(["replay", str(events)]) == 0
    said = capsys.readouterr().err
    assert said.startswith("3 messages") and "JSON" not in said


def test_a_row_that_makes_no_message_is_named_with_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = "messages:\n  - {type: track, event: Seen, anonymousId: {column: cookie}, timestamp: {column: at}}\n"
    (tmp_path / "mapping.yaml").write_text(mapping)
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text("cookie,at\nc1,2026-01-01T00:00:00Z\nc2,soon\n")
    files = [str(tmp_path / f"{name}.csv") for name in ("one", "two")]
    assert main(["replay", *files, "--mapping", str(tmp_path / "mapping.yaml")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in said[:2]] == [f"{file}:3" for file in files]


def test_who_interrupts_it_is_told_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ended without a word, and nobody knew whether to give the file again."""
    def interrupted(self: Taken, *given: object) -> None:
        if len(self.values) == 2:
            raise KeyboardInterrupt
        self.values.append(b"")

    monkeypatch.setattr(Taken, "send", interrupted)
    events = tmp_path / "events.jsonl"
    events.write_bytes(GOOD * 3)
    assert main(["replay", str(events)]) == 130
    said = capsys.readouterr().err
    assert "interrupted after 2 messages; give the command again to go on" in said and "recognised as copies" in said
