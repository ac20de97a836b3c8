"""The settings of an `sms-http` destination with Twilio. All faults at once; secrets by their variables' names."""
from __future__ import annotations

from dataclasses import dataclass

from connectors.delivery.reading import SettingsReader

OTHERS = "twilio; another gateway is reached with the connector http and a body of its own"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioSettings:
    """`sender` is a number, a name or the id of a messaging service (`MG…`). `callback`: where Twilio reports what became of
    a message; empty for nowhere. `timeout` in seconds."""

    account: str
    token: str
    sender: str
    url: str
    callback: str
    timeout: float

    @property
    def messages(self) -> str:
        return f"{self.url}/2010-04-01/Accounts/{self.account}/Messages.json"


def read_settings(reader: SettingsReader) -> TwilioSettings:
    """WrongDestination with every fault; none shows a secret."""
    reader.choice("provider", ("twilio",), OTHERS)
    settings = TwilioSettings(
        account=reader.needed("account"), token=reader.needed("token"), sender=reader.needed("sender"),
        url=reader.url("url", "https://api.twilio.com"), timeout=reader.number("timeout", 10, 0.01, 300),
        callback=reader.address("callback") if reader.has("callback") else "")
    if not (settings.account.isascii() and settings.account.isalnum()):
        reader.refuse("account", "the account's SID, such as AC0123456789")
    reader.finish()
    return settings
