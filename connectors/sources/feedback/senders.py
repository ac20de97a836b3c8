"""Who may report, as the destinations in force say: what each was sent with is what its feedback is proved with.

No definition or setting of its own: a secret that stood in two places would one day differ.
"""
from __future__ import annotations

import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.delivery.sealing import Seal
from connectors.sources.feedback.webhooks import key_of
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
        """Of a token that one of them made."""
        return next((found for seal in self.seals if (found := seal.identifier(token))), None)


def senders_of(destinations: Iterable[Destination], variables: Mapping[str, str]) -> Senders:
    """Of an `smtp` with `unsubscribe_key`, an `sms-http` with `callback`, an `http` with `secret`; others cannot report.
    Misconfigured with the variables that are not set."""
    reading = _Reading(variables)
    seals: list[Seal] = []
    twilio: dict[str, Twilio] = {}
    webhooks: dict[str, bytes] = {}
    for each in destinations:
        given = dict(each.settings)
        match each.connector:
            case "smtp" if "unsubscribe_key" in given:
                seals.append(Seal(reading.secret(each.id, "unsubscribe_key", given)))
            case "sms-http" if "callback" in given:
                twilio[each.id] = Twilio(token=reading.secret(each.id, "token", given), callback=str(given["callback"]))
            case "http" if "secret" in given:
                webhooks[each.id] = reading.key(each.id, given)
            case _:
                pass
    if reading.faults:
        raise Misconfigured(tuple(reading.faults))
    return Senders(seals=tuple(seals), twilio=twilio, webhooks=webhooks)


class _Reading:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.faults: list[str] = []

    def secret(self, destination: str, name: str, given: Mapping[str, Any]) -> str:
        value = given.get(name)
        variable = str(value.get("env")) if isinstance(value, dict) else ""
        found = self._variables.get(variable, "")
        if not found:
            self.faults.append(f"destination {destination}: settings.{name}: expected {{env: NAME}} of a variable that is "
                               "set here too, as it is where `audience deliver` runs")
        return found

    def key(self, destination: str, given: Mapping[str, Any]) -> bytes:
        try:
            return key_of(self.secret(destination, "secret", given))
        except binascii.Error:
            self.faults.append(f"destination {destination}: settings.secret: expected whsec_ and Base64")
            return b""
