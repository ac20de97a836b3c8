"""What may be asked of a person, as records on `privacy.requests`: `audience profile suppress`, `unsuppress`; `identity
split` asks through `ask` too.

The pipeline answers on `privacy.receipts` under the request's id, which is printed; nobody waits here, because a worker
may be down and the request is safe on its topic all the same.
"""
from __future__ import annotations

import argparse
import sys
import time
import uuid
from collections.abc import Sequence
from typing import Any

from streams.cli.arguments import command, environment, with_broker
from streams.core.errors import Misconfigured

TOPIC = "privacy.requests"
ASKED = {
    "suppress": "Send nothing there and show nothing there any more; of a customer id: to the person.",
    "unsuppress": "Take an identifier off the suppression list.",
}


def add_to(profile: Any) -> None:
    """The commands, under the word `profile`."""
    for action, summary in ASKED.items():
        parser = command(profile, action, ask, summary)
        parser.add_argument("identifier", metavar="NAMESPACE:VALUE", help="for example email:jane@example.com")
        parser.add_argument("--reason", help="in words without personal data: unsubscribed, bounced, complained")
        parser.set_defaults(action=action)
        with_broker(parser)


def ask(options: argparse.Namespace) -> int:
    from streams.runtime.registry import codec_of
    from streams.runtime.settings import Settings
    from streams.runtime.topics import check_topics
    from streams.runtime.upstream import Upstream

    leaving = getattr(options, "identifiers", [])
    wrong = [each for each in (options.identifier, *leaving) if ":" not in each]
    if wrong:
        raise Misconfigured(tuple(
            f"{each!r} is no identifier; expected NAMESPACE:VALUE, for example cookie:c1" for each in wrong))
    settings = Settings.read(environment(options))
    check_topics(settings)
    request = request_of(
        options.action, options.identifier, options.reason, uuid.uuid4().hex, int(time.time() * 1000), leaving)
    with Upstream(settings) as upstream:
        upstream.send(TOPIC, options.identifier.encode(), codec_of(settings).encode("privacy_request", request))
    print(request["request_id"])
    print("asked; the receipt will be on privacy.receipts under this id", file=sys.stderr)
    return 0


def request_of(
    action: str, identifier: str, reason: str | None, request_id: str, at: int, split_off: Sequence[str] = (),
) -> dict[str, Any]:
    """A record of the topic."""
    return {"request_id": request_id, "action": action, "identifier": identifier, "split_off": list(split_off),
            "source": "cli", "reason": reason, "at": at}
