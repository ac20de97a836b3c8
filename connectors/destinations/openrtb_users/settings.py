"""The settings of an `openrtb` destination. All faults at once; secrets stand in headers, by their variables' names."""
from __future__ import annotations

from dataclasses import dataclass

from connectors.delivery.reading import FRAMING, SettingsReader
from connectors.openrtb import Provider

OURS = FRAMING | {"content-type", "x-openrtb-version"}
DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
VENDOR_SPECIFIC, LAST = 500, 999
"""Numbers of taxonomies that are a vendor's own; the IAB's are below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRtbSettings:
    """`timeout` in seconds, over the whole exchange."""

    url: str
    provider: Provider
    headers: tuple[tuple[str, str], ...]
    timeout: float
    concurrency: int


def read_settings(reader: SettingsReader) -> OpenRtbSettings:
    """WrongDestination with every fault; none shows a secret."""
    settings = OpenRtbSettings(
        url=reader.address("url"),
        provider=Provider(
            domain=reader.matching("provider", DOMAIN, "", "your own domain in lower case, such as shop.example"),
            segtax=int(reader.number("segtax", VENDOR_SPECIFIC, 1, LAST))),
        headers=tuple(reader.headers("headers", OURS).items()), timeout=reader.number("timeout", 10, 0.01, 300),
        concurrency=int(reader.number("concurrency", 20, 1, 500)))
    reader.finish()
    return settings
