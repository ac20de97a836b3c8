"""The settings of a `meta-custom-audience` destination. All faults at once; the token by its variable's name."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.delivery.reading import SettingsReader

VERSION = r"v[0-9]{1,3}\.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaSettings:
    """`audiences`: the id of the custom audience for each audience of a campaign. `timeout` in seconds, a request."""

    audiences: Mapping[str, str]
    token: str
    version: str
    url: str
    timeout: float

    def users(self, audience: str) -> str:
        """The address of the people in a custom audience."""
        return f"{self.url}/{self.version}/{audience}/users"


def read_settings(reader: SettingsReader) -> MetaSettings:
    """WrongDestination with every fault; none shows the token."""
    version = reader.matching("version", VERSION, "v25.0", "a version of the Graph API, such as v25.0")
    settings = MetaSettings(
        audiences=reader.numbered("audiences", "a custom audience"), token=reader.secret("token"), version=version,
        url=reader.url("url", "https://graph.facebook.com"), timeout=reader.number("timeout", 60, 0.01, 300))
    reader.finish()
    return settings
