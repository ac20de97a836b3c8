"""The settings of an `sms-http` destination with Twilio. All faults at once; secrets by their variables' names."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from streams.core.errors import Misconfigured

Json: TypeAlias = Any
KNOWN = ("provider", "account", "token", "sender", "url", "callback", "timeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioSettings:
    """`sender` is a number, a name or the id of a messaging service (`MG…`). `callback`: where Twilio reports what became of
    a message; empty for nowhere. `timeout` in seconds."""

    account: str
    token: str
    sender: str
    url: str = "https://api.twilio.com"
    callback: str = ""
    timeout: float = 10

    @property
    def messages(self) -> str:
        return f"{self.url.rstrip('/')}/2010-04-01/Accounts/{self.account}/Messages.json"


def read_settings(destination: str, given: Mapping[str, Json], variables: Mapping[str, str]) -> TwilioSettings:
    """Misconfigured with every fault; none shows a secret."""
    faults: list[str] = []

    def refuse(name: str, expected: str) -> None:
        faults.append(f"destination {destination}: settings.{name}: expected {expected}")

    def text(name: str, default: str = "") -> str:
        value = given.get(name, default)
        if isinstance(value, dict) and isinstance(value.get("env"), str):
            value = variables.get(value["env"], "")
        if not isinstance(value, str) or not value:
            refuse(name, "a text, or {env: NAME} of a variable that is set")
            return ""
        return value

    timeout = given.get("timeout", 10)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= 300:
        refuse("timeout", "seconds, up to 300")
    if given.get("provider") != "twilio":
        refuse("provider", "twilio; another gateway is reached with the connector http and a body of its own")
    settings = TwilioSettings(
        account=text("account"), token=text("token"), sender=text("sender"),
        url=text("url", "https://api.twilio.com"), timeout=timeout,
        callback=text("callback") if "callback" in given else "")
    for name in sorted(given.keys() - set(KNOWN)):
        refuse(name, f"one of {', '.join(KNOWN)}")
    if faults:
        raise Misconfigured(tuple(faults))
    return settings
