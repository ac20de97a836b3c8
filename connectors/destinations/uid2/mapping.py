"""From an activation to a hash that a UID2 operator maps (`POST /identity/map`). Pure.

Source: unifiedid.com/docs/getting-started/gs-normalization-encoding (IABTechLab/uid2docs): e-mail trimmed and in lower
case, in gmail.com addresses without periods and what follows a plus sign; phone numbers in E.164 with the plus sign;
Base64 of the 32 bytes of SHA-256, not of their hex. Names of the fields as in `identity/map`.
"""
from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import orjson

from connectors.delivery import Activation, Refused

GMAIL = "gmail.com"
PHONE = re.compile(r"\+[1-9][0-9]{1,14}")


def normal_email(email: str) -> str:
    """Contract: the source's rules, and no others (googlemail.com is another domain to UID2)."""
    name, _, domain = email.strip().lower().rpartition("@")
    if domain == GMAIL:
        name = name.partition("+")[0].replace(".", "")
    return f"{name}@{domain}"


def encoded(value: str) -> str:
    """44 characters."""
    return b64encode(sha256(value.encode()).digest()).decode()


def hash_of(identifier: str) -> tuple[str, str] | Refused:
    """The field of `identity/map` and its value."""
    namespace, _, value = identifier.partition(":")
    if namespace == "email" and "@" in value:
        return "email_hash", encoded(normal_email(value))
    if namespace == "phone" and PHONE.fullmatch(value):
        return "phone_hash", encoded(value)
    return Refused(why="neither an e-mail address nor a phone number in E.164")


def row_of(activation: Activation) -> bytes | Refused:
    """Messages change no audience: whoever gets them may never be taken out of one."""
    if not activation.audience:
        return Refused(why="no change of an audience; expected channel display, with identifiers email or phone")
    found = hash_of(activation.identifier)
    if isinstance(found, Refused):
        return found
    name, value = found
    return orjson.dumps({
        "audience": activation.audience,
        "action": "remove" if activation.is_removal else "add", name: value})
