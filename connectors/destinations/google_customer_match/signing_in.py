"""The access token: got with the refresh token, kept in memory, renewed a minute before it ends.

Source: developers.google.com/identity/protocols/oauth2/web-server#offline (RFC 6749, section 6). By hand and not with
Google's library, which is blocking and would be the only user of another HTTP client.
"""
from __future__ import annotations

from connectors.delivery import Deferred
from connectors.delivery.asking import Http, Response
from connectors.destinations.google_customer_match.settings import GoogleSettings

REFUSED = frozenset({400, 401, 403})
"""Of a token: client or refresh token are wrong, or withdrawn (RFC 6749, 5.2)."""
EARLY = 60_000
"""Milliseconds before the end of a token."""


class SigningIn:
    """One at a time: a connector is called once at a time."""

    def __init__(self, settings: GoogleSettings, http: Http) -> None:
        self._settings = settings
        self._http = http
        self._token = ""
        self._ends_at = 0

    async def token(self, at: int) -> str | Deferred:
        if not self._token or at >= self._ends_at - EARLY:
            answer = await self._http.ask("POST", self._settings.token_url, data={
                "grant_type": "refresh_token", "client_id": self._settings.client_id,
                "client_secret": self._settings.client_secret, "refresh_token": self._settings.refresh_token})
            return answer if isinstance(answer, Deferred) else self._kept(answer, at)
        return self._token

    def forget(self) -> None:
        """The token was not taken: the next call gets another."""
        self._token = ""

    def _kept(self, answer: Response, at: int) -> str | Deferred:
        fields = answer.fields()
        token, seconds = fields.get("access_token"), fields.get("expires_in")
        if answer.status == 200 and isinstance(token, str) and token.isprintable() and isinstance(seconds, int):
            self._token, self._ends_at = token, at + seconds * 1000
            return token
        error = fields.get("error")
        known = error if isinstance(error, str) and error.replace("_", "").isalpha() else f"HTTP {answer.status}"
        return Deferred(why=f"signing in to Google: {known}", to_mend=answer.status in REFUSED)
