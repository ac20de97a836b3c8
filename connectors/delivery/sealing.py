"""Turns an identifier into a token that its holder can neither read nor make, for unsubscribe links and bounces.

The token is the enciphered identifier, not an id to look up: people unsubscribe with mails that are years old, and a list
of who was written to would have to be kept that long. AES-SIV (RFC 5297) needs no randomness: the same identifier always
has the same token.
"""
from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_USE = [b"audience-streams feedback 1"]


class Seal:
    """`key`: a long random text. With another key no token of this one is read any more."""

    def __init__(self, key: str) -> None:
        self._cipher = AESSIV(hashlib.sha512(key.encode()).digest())

    def token(self, identifier: str) -> str:
        """Letters, digits, `-` and `_`."""
        sealed = self._cipher.encrypt(identifier.encode(), _USE)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def identifier(self, token: str) -> str | None:
        """None for what this seal did not make."""
        try:
            sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            return self._cipher.decrypt(sealed, _USE).decode()
        except (ValueError, InvalidTag):
            return None
