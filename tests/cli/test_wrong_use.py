"""Exit codes and sentences of every command that is used wrongly: 2 for what argparse refuses, 1 for what fails."""
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import schemas
from streams.cli import main
from streams.runtime.exits import Exit
from streams.runtime.kafka import topics
from streams.runtime.outside import button
from streams.topology import TOPICS
from tests.kafka.deployment import free_port

DEFINITION = """\
kind: segment
id: buyers
rule: {performed: {event: Order Completed}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "buyers.yaml").write_text(DEFINITION)
    (tmp_path / "events.jsonl").write_text('{"type": "track", "event": "Seen", "messageId": "m1", "anonymousId": "c1"}\n')
    return tmp_path


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of no broker, which is waited for only briefly."""
    monkeypatch.setattr(topics, "ANSWER_WITHIN", 0.2)
    monkeypatch.setattr(topics, "SAY_AFTER", 0.1)
    return f"127.0.0.1:{free_port()}"


@pytest.mark.parametrize(("words", "said"), [
    ("", "required: COMMAND"),
    ("aply here", "invalid choice: 'aply'"),
    ("segment", "required: COMMAND"),
    ("apply nowhere", "nowhere does not exist"),
    ("replay nowhere.jsonl", "nowhere.jsonl does not exist"),
    ("backtest {folder}/events.jsonl --output out", "required: --definitions"),
    ("backtest {folder}/events.jsonl --definitions {folder} --output out --until soon", "argument --until: 'soon'"),
    ("backtest {folder}/events.jsonl --definitions {folder} --output out --definitions-at {folder}", "expected TIME=DIR"),
    ("backtest {folder} --definitions {folder} --output out", "is a folder; expected a file"),
    ("backtest {folder}/events.jsonl --definitions {folder}/buyers.yaml --output out", "is a file; expected a folder"),
    ("apply {folder}/buyers.yaml", "is a file; expected a folder"),
    ("backtest {folder}/events.jsonl --definitions {folder} --output {folder}/buyers.yaml", "is a file; expected a folder"),
    ("feed export {folder}/buyers.yaml", "is a file; expected a folder"),
    ("segment rollback buyers --to -1", "'-1': expected a whole number, 1 or more"),
    ("profile show cookie", "'cookie' is no identifier; expected NAMESPACE:VALUE"),
    ("identity explain cookie:", "'cookie:' is no identifier"), ("identity explain :c1", "':c1' is no identifier"),
    ("segment explain buyers --profile c1", "'c1' is no identifier; expected NAMESPACE:VALUE"),
    ("identity split cookie:c1 --identifiers email", "'email' is no identifier; expected NAMESPACE:VALUE"),
    ("segment explain buyers", "--profile --cost is required"),
    ("dead-letters replay", "one of the arguments ID --reason --all is required"),
    ("dead-letters replay 0:1 --all", "--all: not allowed with argument ID"),
    ("dead-letters list --last -1", "'-1': expected a whole number, 0 or more"),
    ("worker --processes two", "'two': expected a whole number, 1 or more"),
    ("worker --processes 0", "'0': expected a whole number, 1 or more"),
    ("broker --port 99999", "'99999': expected a port, 0 to 65535"),
    ("serve --port x", "'x': expected a port, 0 to 65535"),
    ("serve --ready-within -1", "'-1': expected a number of seconds above 0"),
    ("replay {folder}/events.jsonl --per-second 0", "'0': expected a number above 0"),
    ("backtest {folder}/events.jsonl --definitions {folder} --output out --partitions 0", "'0': expected a number of"),
    ("backtest {folder}/events.jsonl --definitions {folder} --output out --partitions 1025", "expected a number of"),
    ("demo --events -5", "'-5': expected a whole number, 1 or more"),
    ("demo --seconds 0", "'0': expected a number of seconds above 0"),
    ("demo --seconds 0.01", "'0.01': expected a number of seconds, 1 or more"),
    ("profile show cookie:c1 --events -1", "'-1': expected a whole number, 0 or more"),
])
def test_wrong_words_are_refused_with_2(words: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words.format(folder=folder).split())
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [
    "backtest {folder}/events.jsonl --definitions {folder}/none --output {folder}/events.jsonl/below",
    "feed export {folder}/events.jsonl/below",
    "broker --data {folder}/events.jsonl/below --port 0",
])
def test_a_path_that_cannot_be_written_is_named(words: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "none").mkdir()
    assert main(words.format(folder=folder).split()) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert re.match(rf"audience {words.split()[0]}( export)?: .*{folder}/events.jsonl", said)
    assert "name another path" in said or "Is the disk full, the folder writable?" in said


@pytest.mark.parametrize("words", [
    "check", "topics --create", "apply {folder}", "diff {folder}", "activate welcome", "pause welcome",
    "replay {folder}/events.jsonl", "profile show cookie:c1", "profile export cookie:c1", "profile suppress cookie:c1",
    "profile erase cookie:c1", "profile unsuppress cookie:c1",
    "segment explain buyers --profile cookie:c1", "segment list", "segment preview {folder}/buyers.yaml",
    "segment history buyers", "segment rollback buyers", "campaign progress welcome",
    "campaign explain welcome --profile cookie:c1", "identity explain cookie:c1", "identity report",
    "identity split customer_id:u1 --identifiers cookie:c1", "feed export {folder}/feed", "deliver",
])
def test_a_broker_that_is_not_there_is_named_with_what_to_do(
    words: str, folder: Path, nowhere: str, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*words.format(folder=folder).split(), "--broker", nowhere]) == 1
    said = capsys.readouterr().err
    named = words.split()[:2 if words.startswith(("profile", "segment", "campaign", "identity", "feed")) else 1]
    assert said.startswith(f"audience {' '.join(named)}: ")
    assert nowhere in said and "audience broker" in said
    assert "(no connection, or it was lost)" in said or "(no answer in time)" in said, "librdkafka's codes are for nobody"


def test_waiting_for_a_broker_is_said(nowhere: str, caplog: pytest.LogCaptureFixture) -> None:
    assert main(["check", "--broker", nowhere]) == 1
    assert caplog.messages == [f"waiting for a Kafka broker at {nowhere}"]


@pytest.mark.parametrize("words", [["worker"], ["worker", "--processes", "2"]])
def test_a_worker_with_wrong_settings_ends_as_misconfigured(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUDIENCE_WEB_PORT", "99999")
    assert main(words) == Exit.MISCONFIGURED
    assert capsys.readouterr().err.startswith("audience worker: AUDIENCE_WEB_PORT: found '99999'")


@pytest.mark.parametrize(("silent", "code"), [(4, 1), (1, 1), (0, 0)])
def test_progress_that_not_all_tasks_told_is_a_failure(
    silent: int, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(button, "ask_progress", lambda *_: button.PressProgress(
        campaign="c", state="live", present=0, reached=0, activated=0, is_over=False, silent=silent))
    assert main(["campaign", "progress", "c"]) == code
    assert (f"{silent} of 4 tasks said nothing of this press in time" in capsys.readouterr().err) == bool(silent)


def test_check_says_what_is_wrong_with_settings_beside_the_broker(
    nowhere: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUDIENCE_MEMORY", "lots")
    assert main(["check", "--broker", nowhere]) == 1
    said = capsys.readouterr().err
    assert "AUDIENCE_MEMORY: found 'lots'" in said and "no Kafka broker" in said


def test_check_does_not_judge_topics_by_settings_that_are_wrong(
    nowhere: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUDIENCE_PARTITIONS", "some")
    assert main(["check", "--broker", nowhere]) == 1
    said = capsys.readouterr().err
    assert "AUDIENCE_PARTITIONS: found 'some'" in said and "no Kafka broker" not in said


def test_check_says_what_is_wrong_with_definitions_beside_the_broker(
    folder: Path, nowhere: str, capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "buyers.yaml").write_text(DEFINITION.replace("performed", "preformed"))
    assert main(["check", "--definitions", str(folder), "--broker", nowhere]) == 1
    said = capsys.readouterr().err
    assert "no Kafka broker" in said
    assert f"{folder}/buyers.yaml:3: " in said and "performed" in said


@pytest.mark.parametrize(("text", "said"), [
    (DEFINITION.replace("performed", "preformed"), 'buyers.yaml:3: unknown node "preformed" in rule'),
    ("kind: computed-trait\nid: n\nfunction: count\n", "buyers.yaml defines no segment"),
])
@pytest.mark.parametrize("words", [["preview", "{file}"], ["explain", "{file}", "--cost"]])
def test_a_file_is_judged_before_the_broker_is_waited_for(
    folder: Path, nowhere: str, words: list[str], text: str, said: str, capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "buyers.yaml").write_text(text)
    words = ["segment", *(word.format(file=folder / "buyers.yaml") for word in words), "--broker", nowhere]
    assert main(words) == 1
    assert f"{folder}/{said}" in capsys.readouterr().err
    (folder / "buyers.yaml").write_text(DEFINITION)
    assert main(words) == 1
    assert "no Kafka broker" in capsys.readouterr().err


def test_a_mapping_is_judged_before_the_broker_is_waited_for(
    folder: Path, nowhere: str, capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["replay", str(folder / "events.jsonl"), "--mapping", str(folder / "buyers.yaml"), "--broker", nowhere]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert "buyers.yaml" in said and "broker" not in said


def test_check_says_of_a_folder_without_definitions_that_it_has_none(
    tmp_path: Path, nowhere: str, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "--definitions", str(tmp_path), "--broker", nowhere]) == 1
    assert f"{tmp_path}: no definition in it" in capsys.readouterr().err


def test_the_schemas_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "definitions"]) == 0
    assert "$defs" in json.loads(capsys.readouterr().out)
    named = {name: name for name in schemas.NAMES} | {topic.name: topic.schema for topic in TOPICS}
    for name, schema in named.items():
        assert main(["schema", "topic", name]) == 0
        assert json.loads(capsys.readouterr().out) == schemas.load(schema)
    with pytest.raises(SystemExit, match="2"):
        main(["schema", "topic", "hitt"])
    assert "there is no topic hitt; expected one of events.hits, " in capsys.readouterr().err


def test_the_topics_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == [topic.name for topic in TOPICS]
    assert main(["topics"]) == 0
    listed = capsys.readouterr().out
    assert [topic.name for topic in TOPICS if topic.name not in listed] == []


@pytest.mark.parametrize("output", ["", "/out", "/../{name}/out"])
def test_a_backtest_does_not_write_among_the_definitions(
    output: str, folder: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    where = f"{folder}{output.format(name=folder.name)}"
    assert main(["backtest", f"{folder}/events.jsonl", "--definitions", str(folder), "--output", where]) == 1
    assert f"--output {where} is in the folder of definitions {folder}" in capsys.readouterr().err
    assert sorted(file.name for file in folder.iterdir()) == ["buyers.yaml", "events.jsonl"]


def test_a_backtest_says_what_is_wrong_with_a_destination(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hook.yaml").write_text("kind: destination\nid: hook\nchannel: email\nconnector: webhok\n")
    words = ["--definitions", str(folder), "--output", f"{folder}-out"]
    assert main(["backtest", f"{folder}/events.jsonl", *words]) == 1
    assert f"{folder}/hook.yaml:4: " in capsys.readouterr().err


def test_a_json_list_is_said_to_be_no_object(folder: Path) -> None:
    (folder / "events.jsonl").write_text("[1]\n")
    words = ["--definitions", str(folder), "--output", f"{folder}-out"]
    assert main(["backtest", f"{folder}/events.jsonl", *words]) == 0
    assert "not-an-object" in Path(f"{folder}-out", "rejected.jsonl").read_text()
