"""A deployment whose people have an address and consent to be written to, and a paused campaign for all of them."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.cli import main
from streams.runtime.outside.upstream import Upstream
from streams.runtime.settings import Settings
from tests.kafka.deployment import Deployment

DEFINITIONS = """kind: segment
id: everybody
name: "%s"
rule: {everyone: {}}
---
kind: campaign
id: hello
segment: everybody
channels: {email: {subject: Hello, text: Hi, purpose: mail}}
"""


def populate(
    deployment: Deployment, patch: pytest.MonkeyPatch, folder: Path, people: int, segment: str = "Everybody",
) -> None:
    """Definitions and people are on their topics; commands of this process are about the deployment from now on. segment:
    the name of the one that has all of them."""
    deployment.be_commanded(patch)
    (folder / "definitions").mkdir()
    (folder / "definitions" / "all.yaml").write_text(DEFINITIONS % segment)
    assert main(["apply", str(folder / "definitions")]) == 0
    _send_people(deployment.settings, people)


def _send_people(settings: Settings, number: int) -> None:
    """So many, each by one message; `purpose: mail`."""
    with Upstream(settings) as upstream:
        for place in range(number):
            address = f"p{place}@example.org"
            upstream.send("events.interactions", f"email:{address}".encode(), json.dumps({
                "type": "identify", "messageId": f"m{place}", "traits": {"email": address},
                "context": {"consent": {"purposes": {"mail": True}}}}).encode())
