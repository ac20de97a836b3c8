"""Who may report, by the destinations in force: the secret that a destination is sent with also proves its feedback.

No definition or setting of its own: a secret that stood in two places would one day differ.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connectors.delivery.reading import SHORTEST_KEY, SettingsReader, WrongDestination
from connectors.delivery.sealing import Seal
from streams.core.definitions import Destination
from streams.core.errors import Misconfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class Twilio:
    """`callback` is the address that Twilio was told, which it signs."""

    token: str = field(repr=False)
    callback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """`twilio` and `webhooks` by destination."""

    seals: tuple[Seal, ...] = ()
    twilio: Mapping[str, Twilio] = field(default_factory=dict)
    webhooks: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def identifier(self, token: str) -> str | None:
        """The identifier in a token that one of the seals made."""
        return next((found for seal in self.seals if (found := seal.identifier(token))), None)


def senders_of(destinations: Iterable[Destination], variables: Mapping[str, str]) -> Senders:
    """From an `smtp` with `unsubscribe_key`, an `sms-http` with `callback`, an `http` with `secret`; others cannot report.
    Misconfigured with the variables that are not set: they must be here too, as they are where `audience deliver` runs."""
    faults: list[str] = []
    seals: list[Seal] = []
    twilio: dict[str, Twilio] = {}
    webhooks: dict[str, bytes] = {}
    for each in destinations:
        given = dict(each.settings)
        reader = SettingsReader(each.id, given, variables)
        match each.connector:
            case "smtp" if "unsubscribe_key" in given:
                seals.append(Seal(reader.secret("unsubscribe_key", SHORTEST_KEY)))
            case "sms-http" if "callback" in given:
                twilio[each.id] = Twilio(token=reader.needed("token"), callback=reader.address("callback"))
            case "http" if "secret" in given:
                webhooks[each.id] = reader.signing_key("secret")
            case _:
                pass
        try:
            reader.finish_part()
        except WrongDestination as fault:
            faults += fault.faults
    if faults:
        raise Misconfigured(tuple(faults))
    return Senders(seals=tuple(seals), twilio=twilio, webhooks=webhooks)
