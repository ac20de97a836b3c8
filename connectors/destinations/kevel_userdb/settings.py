"""The settings of a `kevel` destination. All faults at once; the key by its variable's name."""
from __future__ import annotations

from dataclasses import dataclass

from connectors.delivery.reading import SettingsReader


@dataclass(frozen=True, slots=True, kw_only=True)
class KevelSettings:
    """`is_hashed`: user keys are digests of the identifiers. `timeout` in seconds, a request."""

    network: str
    key: str
    is_hashed: bool
    url: str
    timeout: float
    concurrency: int

    @property
    def interests(self) -> str:
        return f"{self.url}/udb/{self.network}/interests"


def read_settings(reader: SettingsReader) -> KevelSettings:
    """WrongDestination with every fault; none shows the key."""
    network = reader.digits("network")
    settings = KevelSettings(
        network=network, key=reader.secret("key"), is_hashed=reader.choice("user_key", ("as-is", "sha256")) == "sha256",
        url=reader.url("url", f"https://e-{network}.adzerk.net"), timeout=reader.number("timeout", 10, 0.01, 300),
        concurrency=int(reader.number("concurrency", 20, 1, 500)))
    reader.finish()
    return settings
