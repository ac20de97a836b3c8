"""Feedback from anybody who shares a secret with us: `{"identifier", "reason"}`, signed as Standard Webhooks says. Pure.

The scheme and secret of the `http` destination, in the other direction: whoever is sent activations can report on them,
with a library that there is for every language.
"""
from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping

import orjson

from connectors.sources.feedback.signals import Reason, Signal, id_of

LONGEST_TIME = 12
"""Digits, in seconds."""
TOLERANCE = 300
"""Seconds that the sender's clock may be off; older ones could be somebody's copy."""


def is_signed(headers: Mapping[str, str], body: bytes, key: bytes, at: int) -> bool:
    """`headers` by names in any case; several signatures may be given, as while secrets change. `at`: epoch ms."""
    sent_at = headers.get("webhook-timestamp", "")
    if not (sent_at.isascii() and sent_at.isdigit()) or len(sent_at) > LONGEST_TIME:
        return False
    if abs(int(sent_at) - at // 1000) > TOLERANCE:
        return False
    said = _id(headers) + f".{sent_at}.".encode() + body
    expected = hmac.digest(key, said, "sha256")
    return any(hmac.compare_digest(expected, _decoded(each)) for each in headers.get("webhook-signature", "").split())


def read_webhook(
    name: str, headers: Mapping[str, str], body: bytes, normalised: Callable[[str], str | None],
) -> Signal | None:
    """Feedback from the destination `name`. None if it has another form, or if `normalised` does not know the identifier."""
    try:
        found = orjson.loads(body)
        identifier, reason = found["identifier"], Reason(found["reason"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    identifier = normalised(identifier) if isinstance(identifier, str) else None
    if identifier is None:
        return None
    return Signal(id=id_of(name, _id(headers)), identifier=identifier, reason=reason, source=name)


def _id(headers: Mapping[str, str]) -> bytes:
    """As it was sent."""
    return headers.get("webhook-id", "").encode("utf-8", "surrogateescape")


def _decoded(signature: str) -> bytes:
    version, _, value = signature.partition(",")
    try:
        return base64.b64decode(value, validate=True) if version == "v1" else b""
    except ValueError:  # no Base64, or not even ASCII
        return b""
