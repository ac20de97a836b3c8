"""The settings of an `smtp` destination. All faults at once; the password is looked up by its variable's name."""
from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr

from connectors.delivery.reading import SHORTEST_KEY, SettingsReader
from connectors.delivery.sealing import Seal
from connectors.destinations.smtp.addresses import is_address, is_host, is_sender, is_web_address

TLS = ("starttls", "implicit", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """`tls` is `starttls`, `implicit` or `none`. `unsubscribe_url` gets a token appended, the activation id if there is
    no `seal`. Seconds."""

    host: str
    port: int
    sender: str
    username: str
    password: str
    tls: str
    unsubscribe_url: str
    unsubscribe_mailto: str
    seal: Seal | None
    timeout: float

    @property
    def address(self) -> str:
        """The sender without the name."""
        return parseaddr(self.sender)[1]

    @property
    def domain(self) -> str:
        """What stands behind the @ of the sender: the right side of our Message-IDs."""
        return self.address.partition("@")[2]


def read_settings(reader: SettingsReader) -> SmtpSettings:
    """WrongDestination with every fault; none shows a secret."""
    settings = SmtpSettings(
        host=reader.text("host"), port=int(reader.number("port", 587, 1, 65_535)), sender=reader.text("sender"),
        username=reader.text("username"), password=reader.text("password"), tls=reader.choice("tls", TLS),
        unsubscribe_url=reader.text("unsubscribe_url"), unsubscribe_mailto=reader.text("unsubscribe_mailto"),
        seal=Seal(reader.secret("unsubscribe_key", SHORTEST_KEY)) if reader.has("unsubscribe_key") else None,
        timeout=reader.number("timeout", 20, 0.01, 300))
    for name, is_right, expected in (
        ("host", is_host(settings.host), "the mail server's name, its port in `port`"),
        ("sender", is_sender(settings.sender),
         'an address of ASCII, such as Shop <news@example.com> or "Shop, Inc." <news@example.com>'),
        ("unsubscribe_url", not settings.unsubscribe_url or is_web_address(settings.unsubscribe_url),
         "an https address of ASCII: one-click unsubscribing needs one (RFC 8058)"),
        ("unsubscribe_mailto", not settings.unsubscribe_mailto or is_address(settings.unsubscribe_mailto),
         "an address, such as out@example.com"),
    ):
        if not is_right:
            reader.refuse(name, expected)
    reader.finish()
    return settings
