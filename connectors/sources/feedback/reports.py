"""Mail that reports on mail of ours: bounces (RFC 3464) and complaints (RFC 5965), read with the standard library. Pure.

The token of the returned message says whom it was for; the report's own `Final-Recipient` could be written by anybody. A
report that does not return the headers of the message proves nothing and is passed over."""
from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from email.message import Message
from email.policy import compat32

from connectors.sources.feedback.signals import Reason, Signal, id_of

TOKEN = "X-Audience-Token"
"""The header that destinations put the token into."""
COMPLAINTS = {"abuse": Reason.COMPLAINED, "fraud": Reason.COMPLAINED, "opt-out": Reason.UNSUBSCRIBED,
              "opt-out-list": Reason.UNSUBSCRIBED}
"""By `Feedback-Type`; others, such as `not-spam` or `auth-failure`, are no wish of the person."""
GONE = ("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
"""RFC 3463 and 7505: there is no such address, or nobody behind it. A full mailbox (5.2.2), a message that is too large
or a sender of bad repute (5.7) says nothing against the address."""
MOST_BOUNDARIES = 50
"""In a report with the message that it returns. The parser tries every open one at each line: a mail of many takes hours."""


def read_report(raw: bytes, identifier_of: Callable[[str], str | None]) -> Signal | None:
    """None for everything that is not a proven report against an address. Total: it may be given any bytes."""
    if raw.lower().count(b"boundary=") > MOST_BOUNDARIES:
        return None
    try:
        return _read(raw, identifier_of)
    except Exception:  # the library states nothing: RecursionError for deep nesting, ValueError for a zero in a header
        return None


def _read(raw: bytes, identifier_of: Callable[[str], str | None]) -> Signal | None:
    message = email.message_from_bytes(raw, policy=compat32)
    reason = _reason(message)
    token = next((str(part[TOKEN]) for part in _returned(message) if part[TOKEN]), None)
    identifier = identifier_of("".join(token.split())) if token else None
    if reason is None or identifier is None:
        return None
    return Signal(id=id_of(raw), identifier=identifier, reason=reason, source="mail")


def _reason(message: Message) -> Reason | None:
    if message.get_content_type() != "multipart/report":
        return None
    for part in _parts(message):
        match part.get_content_type():
            case "message/delivery-status":
                if any(_is_gone(block) for block in _parts(part)):
                    return Reason.BOUNCED
            case "message/feedback-report":
                for block in _parts(part):
                    return COMPLAINTS.get(str(block["Feedback-Type"]).strip().lower())
    return None


def _is_gone(recipient: Message) -> bool:
    status = str(recipient["Status"]).split()
    return str(recipient["Action"]).strip().lower() == "failed" and bool(status) and status[0] in GONE


def _returned(message: Message) -> Iterator[Message]:
    """The message that the report is about, whole or its headers only."""
    for part in _parts(message):
        if part.get_content_type() == "message/rfc822":
            yield from _parts(part)
        elif part.get_content_type() == "text/rfc822-headers":
            head = part.get_payload(decode=True)
            yield email.message_from_bytes(head if isinstance(head, bytes) else b"", policy=compat32)


def _parts(message: Message) -> list[Message]:
    """The parts of a multipart, or the groups of fields of a `message/*`."""
    found = message.get_payload()
    return [part for part in found if isinstance(part, Message)] if isinstance(found, list) else []
