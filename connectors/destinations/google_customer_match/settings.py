"""The settings of a `google-customer-match` destination. All faults at once; secrets by their variables' names."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.delivery.reading import Reading, Variables


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


def read_settings(destination: str, given: Mapping[str, Any], variables: Variables) -> GoogleSettings:
    """WrongDestination with every fault; none shows a secret."""
    reading = Reading(destination, given, variables)
    reading.choice("terms", ("accepted",), "accepted, once you have accepted Google's terms of Customer Match")
    settings = GoogleSettings(
        account=reading.digits("account"), lists=reading.numbered("lists", "a Customer Match list"),
        login_account=reading.digits("login_account") if reading.has("login_account") else "",
        client_id=reading.secret("client_id"), client_secret=reading.secret("client_secret"),
        refresh_token=reading.secret("refresh_token"), url=reading.url("url", "https://datamanager.googleapis.com"),
        token_url=reading.url("token_url", "https://oauth2.googleapis.com/token"),
        timeout=reading.number("timeout", 60, 0.01, 300))
    reading.finish()
    return settings
