"""The settings of a `google-customer-match` destination. All faults at once; secrets by their variables' names."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.delivery.reading import SettingsReader


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleSettings:
    """`lists`: the id of the user list for each audience of a campaign. `account` holds them; `login_account`, empty for
    the same, is the manager account whose user signs in. `timeout` in seconds, a request."""

    account: str
    login_account: str
    lists: Mapping[str, str]
    client_id: str
    client_secret: str
    refresh_token: str
    url: str
    token_url: str
    timeout: float


def read_settings(reader: SettingsReader) -> GoogleSettings:
    """WrongDestination with every fault; none shows a secret."""
    reader.choice("terms", ("accepted",), "accepted, once you have accepted Google's terms of Customer Match")
    settings = GoogleSettings(
        account=reader.digits("account"), lists=reader.numbered("lists", "a Customer Match list"),
        login_account=reader.digits("login_account") if reader.has("login_account") else "",
        client_id=reader.secret("client_id"), client_secret=reader.secret("client_secret"),
        refresh_token=reader.secret("refresh_token"), url=reader.url("url", "https://datamanager.googleapis.com"),
        token_url=reader.url("token_url", "https://oauth2.googleapis.com/token"),
        timeout=reader.number("timeout", 60, 0.01, 300))
    reader.finish()
    return settings
