"""Twilio's callbacks: a text that was answered with STOP, or that can never arrive. Pure.

Sources: twilio.com/docs/usage/security (signature), /docs/api/errors (codes), and its article on stop words.
"""
from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence

from connectors.sources.feedback.signals import Reason, Signal, id_of

Fields = Sequence[tuple[str, str]]
STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
CODES = {"21610": Reason.UNSUBSCRIBED, "21211": Reason.BOUNCED, "21614": Reason.BOUNCED, "30005": Reason.BOUNCED,
         "30006": Reason.BOUNCED}
"""The number said STOP; is none; is no mobile one; is unknown; is a landline. A phone that is off (30003) or a carrier that
filters (30007) says nothing against the number."""


def is_signed(url: str, fields: Fields, signature: str, token: str) -> bool:
    """`url` as Twilio has it, which a proxy may have changed on the way here."""
    said = url + "".join(name + value for name, value in sorted(set(fields)))
    expected = base64.b64encode(hmac.digest(token.encode(), said.encode("utf-8", "surrogatepass"), "sha1"))
    return hmac.compare_digest(expected, signature.encode("utf-8", "surrogateescape"))


def read_callback(fields: Fields) -> Signal | None:
    """None if it is no reason to stop writing to the number."""
    given = dict(fields)
    status = given.get("MessageStatus") or given.get("SmsStatus") or ""
    if status in ("failed", "undelivered"):
        return _signal(given, given.get("To", ""), CODES.get(given.get("ErrorCode", "")))
    said = given.get("OptOutType") or given.get("Body", "")
    return _signal(given, given.get("From", ""), Reason.UNSUBSCRIBED if said.strip().lower() in STOP else None)


def _signal(given: dict[str, str], number: str, reason: Reason | None) -> Signal | None:
    if reason is None or not (number.startswith("+") and number[1:].isdigit()):
        return None
    return Signal(id=id_of(given.get("MessageSid", ""), number, reason), identifier=f"phone:{number}", reason=reason,
                  source="twilio")
