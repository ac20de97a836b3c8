"""The settings of an `smtp` destination. All faults at once; the password is looked up by its variable's name."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, TypeAlias

from connectors.delivery.sealing import Seal
from streams.core.errors import Misconfigured

Json: TypeAlias = Any
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


def read_settings(destination: str, given: Mapping[str, Json], variables: Mapping[str, str]) -> SmtpSettings:
    """Misconfigured with every fault; none shows a secret."""
    faults: list[str] = []

    def refuse(name: str, expected: str) -> None:
        faults.append(f"destination {destination}: settings.{name}: expected {expected}")

    def text(name: str) -> str:
        value = given.get(name, "")
        if isinstance(value, dict) and isinstance(value.get("env"), str):
            if not variables.get(value["env"]):
                refuse(name, f"a value in the variable {value['env']}, which is not set")
            return variables.get(value["env"], "")
        if not isinstance(value, str) or "\n" in value or "\r" in value:
            refuse(name, "a text on one line, or {env: NAME}")
            return ""
        return value

    settings = SmtpSettings(
        host=text("host"), port=int(_number(given, "port", 587)), sender=text("sender"), username=text("username"),
        password=text("password"), tls=text("tls") or "starttls", unsubscribe_url=text("unsubscribe_url"),
        unsubscribe_mailto=text("unsubscribe_mailto"), seal=Seal(key) if (key := text("unsubscribe_key")) else None,
        timeout=_number(given, "timeout", 20))
    for name, is_wrong, expected in (
        ("host", not settings.host, "the mail server's name"),
        ("sender", not settings.domain, "an address, such as Shop <news@example.com>"),
        ("port", not 1 <= settings.port <= 65_535, "a port number"),
        ("tls", settings.tls not in TLS, f"one of {', '.join(TLS)}"),
        ("timeout", not 0 < settings.timeout <= 300, "seconds, up to 300"),
        ("unsubscribe_url", bool(settings.unsubscribe_url) and not settings.unsubscribe_url.startswith("https://"),
         "an https address: one-click unsubscribing needs one (RFC 8058)"),
    ):
        if is_wrong:
            refuse(name, expected)
    for name in sorted(given.keys() - set(KNOWN)):
        refuse(name, f"one of {', '.join(KNOWN)}")
    if faults:
        raise Misconfigured(tuple(faults))
    return settings


def _number(given: Mapping[str, Json], name: str, default: float) -> float:
    """What is no number becomes -1, which no setting allows."""
    value = given.get(name, default)
    return -1 if isinstance(value, bool) or not isinstance(value, int | float) else value
