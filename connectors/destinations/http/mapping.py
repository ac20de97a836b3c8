"""From an activation to a request. Pure.

Signed as the Standard Webhooks specification says (version 1, symmetric: github.com/standard-webhooks), so that
receivers can verify with its libraries; `webhook-id` is the activation id, the key to recognise repeats by.
"""
from __future__ import annotations

import base64
import hmac

import orjson

from connectors.delivery import Activation, Refused
from connectors.delivery.activation import as_json
from connectors.delivery.offer import Body
from streams.core.errors import Rejected


def body_of(activation: Activation, body: Body | None) -> bytes | Refused:
    """The bytes to send; Refused where the template fails."""
    fields = as_json(activation)
    if body is None:
        return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    try:
        return body(fields)
    except Rejected as fault:
        return Refused(why=fault.reason)


def headers_of(activation_id: str, body: bytes, key: bytes | None, at: int) -> dict[str, str]:
    """`at` is epoch ms; the specification's time is in seconds."""
    seconds = str(at // 1000)
    headers = {"webhook-id": activation_id, "webhook-timestamp": seconds, "Idempotency-Key": activation_id}
    if key is not None:
        signed = f"{activation_id}.{seconds}.".encode() + body
        headers["webhook-signature"] = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return headers
