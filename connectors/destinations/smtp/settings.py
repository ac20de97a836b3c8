"""The settings of an `smtp` destination. All faults at once; the password is looked up by its variable's name."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from connectors.delivery.reading import Reading, Variables
from connectors.delivery.sealing import Seal

KNOWN = ("host", "port", "sender", "username", "password", "tls", "unsubscribe_url", "unsubscribe_mailto",
         "unsubscribe_key", "timeout")
TLS = ("starttls", "implicit", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """`tls` is `starttls`, `implicit` or `none`. `unsubscribe_url` gets a token appended, the activation id if there is
    no `seal`. Seconds."""

    host: str
    port: int
    sender: str
    username: str = ""
    password: str = ""
    tls: str = "starttls"
    unsubscribe_url: str = ""
    unsubscribe_mailto: str = ""
    seal: Seal | None = None
    timeout: float = 20

    @property
    def address(self) -> str:
        """The sender without the name."""
        return parseaddr(self.sender)[1]

    @property
    def domain(self) -> str:
        """What stands behind the @ of the sender: the right side of our Message-IDs."""
        return self.address.partition("@")[2]


def read_settings(destination: str, given: Mapping[str, Any], variables: Variables) -> SmtpSettings:
    """WrongDestination with every fault; none shows a secret."""
    reading = Reading(destination, given, KNOWN, variables)
    settings = SmtpSettings(
        host=reading.text("host"), port=int(reading.number("port", 587, 1, 65_535)), sender=reading.text("sender"),
        username=reading.text("username"), password=reading.text("password"), tls=reading.choice("tls", TLS),
        unsubscribe_url=reading.text("unsubscribe_url"), unsubscribe_mailto=reading.text("unsubscribe_mailto"),
        seal=Seal(reading.secret("unsubscribe_key")) if "unsubscribe_key" in given else None,
        timeout=reading.number("timeout", 20, 0.01, 300))
    if not settings.host:
        reading.refuse("host", "the mail server's name")
    if not settings.domain:
        reading.refuse("sender", "an address, such as Shop <news@example.com>")
    if settings.unsubscribe_url and not settings.unsubscribe_url.startswith("https://"):
        reading.refuse("unsubscribe_url", "an https address: one-click unsubscribing needs one (RFC 8058)")
    reading.finish()
    return settings
