"""From an activation to a request, and from an answer to an outcome. Pure.

Signed as the Standard Webhooks specification says (version 1, symmetric: github.com/standard-webhooks), so that
receivers can verify with its libraries; `webhook-id` is the activation id, the key to recognise repeats by.
"""
from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import orjson
from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from connectors.delivery import Activation, Deferred, Delivered, Outcome, Refused
from connectors.delivery.activation import as_json

TEMPLATES = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
LATER = frozenset({408, 409, 425, 429})
OURS = frozenset({401, 403, 404, 405, 407})
"""Says that address or credentials are wrong, not this activation: it waits until the operator has mended them."""


def body_of(activation: Activation, template: Template | None) -> bytes | Refused:
    """The bytes to send; Refused where the template fails."""
    fields = as_json(activation)
    if template is None:
        return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    try:
        return template.render(fields).encode()
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as fault:
        return Refused(why=f"the body cannot be rendered: {type(fault).__name__}")


def headers_of(activation_id: str, body: bytes, key: bytes | None, at: int) -> dict[str, str]:
    """`at` is epoch ms; the specification's time is in seconds."""
    seconds = str(at // 1000)
    headers = {"webhook-id": activation_id, "webhook-timestamp": seconds, "Idempotency-Key": activation_id}
    if key is not None:
        signed = f"{activation_id}.{seconds}.".encode() + body
        headers["webhook-signature"] = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return headers


def outcome_of(status: int, headers: Mapping[str, str], at: int) -> Outcome:
    """RFC 9110. A redirection is not followed: the signature is for one address, so it is the operator's to mend."""
    if 200 <= status < 300:
        return Delivered(reference=headers.get("X-Request-Id"))
    if status >= 500 or status < 400 or status in LATER or status in OURS:
        return Deferred(why=f"HTTP {status}", until=_retry_after(headers.get("Retry-After"), at))
    return Refused(why=f"HTTP {status}")


def _retry_after(text: str | None, at: int) -> int | None:
    """Seconds or an HTTP date (RFC 9110, 10.2.3); nonsense is as good as nothing."""
    if not text:
        return None
    if text.strip().isascii() and text.strip().isdigit() and len(text) < 10:
        return at + int(text) * 1000
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return int(date.replace(tzinfo=date.tzinfo or UTC).timestamp() * 1000)
