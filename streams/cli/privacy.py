"""Requests about a person, as records on `privacy.requests`: `audience profile erase`, `suppress`, `unsuppress`; also for
`identity split` and `profile export --record`.

The command waits for the receipt on `privacy.receipts`. The request is safe on its topic in any case: without a worker it is
answered once one is back.
"""
from __future__ import annotations

import argparse
import json
import sys
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from streams.cli.arguments import WITHIN, command, settings_of, with_identifier, with_json, with_patience
from streams.cli.printing import printed
from streams.core.values import iso
from streams.runtime.clock import wall_ms

ASKED = {
    "erase": "Forget a person, wherever they are; later events of their identifiers are refused until `unsuppress`.",
    "suppress": "Send nothing to an address, show nothing on a device any more; for a customer id: to the person.",
    "unsuppress": "Take an identifier off the suppression list, also one that was erased.",
}


def add_to(profile: Any) -> None:
    """The commands, under the word `profile`."""
    for action, summary in ASKED.items():
        parser = command(profile, action, ask, summary)
        with_identifier(parser, "identifier", help="for example email:jane@example.com")
        parser.set_defaults(action=action)
        with_answer(parser)


def with_answer(parser: argparse.ArgumentParser) -> None:
    """The options of every command that asks for a receipt."""
    parser.add_argument("--reason", help="why, without personal data, for example unsubscribed or complained")
    parser.add_argument("--no-wait", action="store_true", help="do not wait for the receipt; print the request's id")
    with_json(parser, "the receipt as the topic has it")
    with_patience(parser)


def ask(options: argparse.Namespace) -> int:
    leaving = getattr(options, "identifiers", [])
    request_id, receipt = _asked(options, options.action, 0 if options.no_wait else options.within, options.reason, leaving)
    if receipt is None:
        return _unanswered(options, request_id)
    print(json.dumps(receipt, indent=2) if options.json else printed(readable(receipt)))
    return 0 if receipt["outcome"] == "done" else 1


def put_on_record(options: argparse.Namespace, action: str) -> int:
    """Ask for what this command has done, with the receipt on stderr."""
    request_id, receipt = _asked(options, action, WITHIN)
    lines = [f"request {request_id} is not answered yet"] if receipt is None else readable(receipt)
    print(printed(lines), file=sys.stderr)
    return 0 if receipt is not None and receipt["outcome"] == "done" else 1


def _asked(
    options: argparse.Namespace, action: str, within: float, reason: str | None = None, leaving: Sequence[str] = (),
) -> tuple[str, dict[str, Any] | None]:
    """The request's id, and its receipt if that came `within` so many seconds."""
    from streams.runtime.outside.privacy_requests import submit
    from streams.task.requesting import request

    asked = request(action, options.identifier, request_id=uuid.uuid4().hex, source="cli", at=wall_ms(), reason=reason,
                    split_off=leaving)
    return asked["request_id"], submit(settings_of(options), asked, within)


def _unanswered(options: argparse.Namespace, request_id: str) -> int:
    print(json.dumps({"request_id": request_id, "outcome": None}) if options.json else request_id)
    if options.no_wait:
        print("asked; the receipt will be on privacy.receipts under this id", file=sys.stderr)
        return 0
    print(f"asked, and not answered within {options.within:g} s: no worker runs, or it is far behind (its status page "
          "says). The request stands; its receipt will be on privacy.receipts under this id", file=sys.stderr)
    return 1


def readable(receipt: dict[str, Any]) -> Iterator[str]:
    """A receipt for people: what became of it, then a line a place."""
    whom = f", profile {receipt['profile_id']}" if receipt["profile_id"] else ""
    why = f": {receipt['reason']}" if receipt["reason"] else ""
    yield f"{receipt['action']} {receipt['outcome']} {iso(receipt['at'])}{whom}, request {receipt['request_id']}{why}"
    for place in receipt["places"]:
        what = f"gone by {iso(place['gone_by'])}" if place["gone_by"] else f"{place['records']:,}"
        yield f"  {place['place']}  {what}"
