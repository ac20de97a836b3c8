"""A new user's first hour, with the commands and the definitions that the README prints."""
from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.cli import main
from streams.runtime.outside.observer import Observer, Seen
from streams.topology import topic
from tests.kafka.conftest import Broker
from tests.kafka.deployment import ROOT, Deployment, wait_until
from tests.kafka.shop_oracle import FACTORY, VARIABLES

EXAMPLE = re.search(r"```yaml\n(kind: segment.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
LIMIT = topic("events.hits").max_bytes
MESSAGES = (
    {"type": "identify", "messageId": "m1", "anonymousId": "c1", "userId": "u1",
     "traits": {"email": "jane@example.org", "first_name": "Jane"},
     "context": {"consent": {"purposes": {"email-marketing": True}}}},
    {"type": "track", "event": "Product Added", "messageId": "m2", "userId": "u1"},
    {"type": "track", "event": "Product Added", "messageId": "m3", "anonymousId": "c2"},
    {"type": "nonsense"},
)
Command = Callable[..., str]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command line that must end with `code`; all that it says."""
    def run(words: str, code: int = 0) -> str:
        assert main(words.split()) == code, capsys.readouterr()
        said = capsys.readouterr()
        return said.out + said.err
    return run


def _events(path: Path) -> None:
    """Good ones, such as no stage can read, and such as no topic takes: text that hardly shrinks."""
    noise = random.Random(1).randbytes(5_000_000).hex()
    large = [json.dumps({"type": "track", "event": noise[:size], "messageId": "large", "anonymousId": "c3"})
             for size in (5_000_000, 9_000_000)]
    path.write_text("\n".join([*map(json.dumps, MESSAGES), "not json", *large]) + "\n")


@pytest.mark.timeout(180)
def test_the_readmes_commands_in_their_order(
    broker: Broker, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, events, seen = tmp_path / "definitions", tmp_path / "events.jsonl", Counter[str]()
    folder.mkdir()
    assert EXAMPLE is not None
    (folder / "first.yaml").write_text(EXAMPLE[1])
    _events(events)

    def note(record: Seen) -> None:
        seen[record.topic] += 1

    with Deployment(broker.address, tmp_path, FACTORY, **VARIABLES) as deployment:
        for name, value in deployment.variables.items():
            monkeypatch.setenv(name, value)
        assert "run `audience topics --create`" in command("check", 1)
        assert "created: " in command("topics --create")
        assert "nothing, all are there" in command("topics --create")
        assert "everything is as it should be" in command(f"check --definitions {folder}")
        assert "add     segment/cart-abandoners (version 1)" in command(f"apply {folder}")
        deployment.worker("one").start()
        with Observer(deployment.settings, ["audiences.changes", "dead-letters", "activations.email"], note):
            said = command(f"replay {events}", 1)
            assert "5 messages" in said and f"2 larger than the topics take ({LIMIT:,} bytes, compressed)" in said
            wait_until(lambda: seen["audiences.changes"] == seen["dead-letters"] == 2, within=60, what="all is handled")
            assert "win-back-carts is live" in command("activate win-back-carts")
            wait_until(lambda: seen["activations.email"] == 1, within=60, what="the e-mail")
        assert "cart-abandoners        1  live               2" in command("segment list")
        assert "yes performed Product Added within 3d" in command("segment explain cart-abandoners --profile cookie:c2")
        assert 'first_name = "Jane"' in command("profile show email:jane@example.org")
        assert len(json.loads(command("profile export cookie:c1"))["events"]) == 2
        assert "subject: Still thinking, Jane?" in command("campaign preview win-back-carts --profile cookie:c1")
        assert "1 activated, over" in command("campaign progress win-back-carts")
        assert "win-back-carts is paused" in command("pause win-back-carts")
