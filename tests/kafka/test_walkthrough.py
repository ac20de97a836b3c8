"""A new user's first hour: the README's section *Your own events*, its files and lines as they are printed."""
from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.cli import main
from streams.runtime.outside.observer import Observer, OutputRecord
from streams.topology import topic
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment, wait_until
from tests.processes import ROOT

WALK = (ROOT / "README.md").read_text().partition("## Your own events")[2].partition("\n## ")[0]
DEFINITIONS, EVENTS, LINES = (
    re.findall(rf"```{kind}\n(.*?)```", WALK, re.DOTALL)[-1] for kind in ("yaml", "json", "sh"))
LIMIT = topic("events.hits").max_bytes
SAID = {
    "audience apply shop": "add     segment/cart-abandoners (version 1)",
    "audience replay events.jsonl": "3 messages",
    "audience segment list": "cart-abandoners        1  live               2",
    "audience segment explain cart-abandoners --profile cookie:c2": "yes performed Product Added within 3d",
    "audience profile show email:jane@example.org": 'first_name = "Jane"',
    "audience activate win-back-carts": "2 of 2 people reached, 1 activated, over",
    "audience campaign explain win-back-carts --profile cookie:c2": "not sent: no email known",
}
"""What each line of the walk is answered with."""
Command = Callable[..., str]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command line that must end with `code`; all that it says."""
    def run(words: str, code: int = 0) -> str:
        assert main(words.split()) == code, capsys.readouterr()
        said = capsys.readouterr()
        return said.out + said.err
    return run


def _files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk's files, in a folder that commands then run in."""
    monkeypatch.chdir(folder)
    Path("shop").mkdir()
    Path("shop/carts.yaml").write_text(DEFINITIONS)
    Path("events.jsonl").write_text(EVENTS)


def _bad_events(path: Path) -> None:
    """Such as no stage can read, and such as no topic takes: text that hardly shrinks."""
    noise = random.Random(1).randbytes(5_000_000).hex()
    large = [json.dumps({"type": "track", "event": noise[:size], "messageId": "large", "anonymousId": "c3"})
             for size in (5_000_000, 9_000_000)]
    path.write_text("\n".join(['{"type": "nonsense"}', "not json", *large]) + "\n")


@pytest.mark.timeout(180)
def test_the_readmes_commands_in_their_order(
    broker: Broker, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = Counter[str]()
    _files(tmp_path, monkeypatch)
    _bad_events(Path("bad.jsonl"))

    def note(record: OutputRecord) -> None:
        seen[record.topic] += 1

    with Deployment(broker.address, tmp_path, has_topics=False) as deployment:
        deployment.be_commanded(monkeypatch)
        assert "run `audience topics --create`" in command("check", 1)
        assert "created: " in command("topics --create")
        assert "nothing, all are there" in command("topics --create")
        assert "everything is as it should be" in command("check --definitions shop")
        deployment.worker("one").start()
        walk = [line.partition("  #")[0].strip() for line in LINES.splitlines()]
        assert walk == list(SAID)
        with Observer(deployment.settings, ["audiences.changes", "dead-letters", "activations.email"], note):
            for line in walk:
                assert SAID[line] in command(line.removeprefix("audience ")), line
                if "replay" in line:
                    wait_until(lambda: seen["audiences.changes"] == 2, within=60, what="all is handled")
            wait_until(lambda: seen["activations.email"] == 1, within=60, what="the e-mail")
            said = command("replay bad.jsonl", 1)
            assert "2 messages" in said and f"2 larger than the topics take ({LIMIT:,} bytes, compressed)" in said
            wait_until(lambda: seen["dead-letters"] == 2, within=60, what="the bad ones are refused")
        assert len(json.loads(command("profile export cookie:c1"))["events"]) == 2
        assert "subject: Still thinking, Jane?" in command("campaign preview win-back-carts --profile cookie:c1")
        assert "1 activated, over" in command("campaign progress win-back-carts")
        assert "win-back-carts is paused" in command("pause win-back-carts")


def test_the_readmes_walk_in_process(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    _files(tmp_path, monkeypatch)
    [line] = re.findall(r"`audience (backtest .+?)`", WALK)
    assert "3 events, 2 profiles, 2 membership changes" in command(line)
