"""People who have an address and consent to be written to."""
from __future__ import annotations

import json

from streams.runtime.outside.upstream import Upstream
from streams.runtime.settings import Settings


def send_people(settings: Settings, number: int) -> None:
    """So many, each by one message; `purpose: mail`."""
    with Upstream(settings) as upstream:
        for place in range(number):
            address = f"p{place}@example.org"
            upstream.send("events.interactions", f"email:{address}".encode(), json.dumps({
                "type": "identify", "messageId": f"m{place}", "traits": {"email": address},
                "context": {"consent": {"purposes": {"mail": True}}}}).encode())
