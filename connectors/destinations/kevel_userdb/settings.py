"""The settings of a `kevel` destination. All faults at once; the key by its variable's name."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.delivery.reading import Reading, Variables


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


def read_settings(destination: str, given: Mapping[str, Any], variables: Variables) -> KevelSettings:
    """WrongDestination with every fault; none shows the key."""
    reading = Reading(destination, given, variables)
    network = reading.digits("network")
    settings = KevelSettings(
        network=network, key=reading.secret("key"), is_hashed=reading.choice("user_key", ("as-is", "sha256")) == "sha256",
        url=reading.url("url", f"https://e-{network}.adzerk.net"), timeout=reading.number("timeout", 10, 0.01, 300),
        concurrency=int(reading.number("concurrency", 20, 1, 500)))
    reading.finish()
    return settings
