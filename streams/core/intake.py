"""Reads a Segment-spec message into an Event, or gives the reason why not.

The one place that guesses at foreign dictionaries: whatever passes has the types that `Event` states. How to normalise phone
numbers is handed in, as it needs numbering plans."""
from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from streams.core import values
from streams.core.consent.mapping import DEFAULT, FIELDS, restrict, stated
from streams.core.errors import Rejected
from streams.core.events import GROUP, Event
from streams.core.identifiers import Namespaces, is_blocked, is_namespace, namespace_of, spelled, text_of
from streams.core.intervals import DAY_MS
from streams.core.values import LATEST, Json

PhoneNumber = Callable[[str], str | None]
Message = Mapping[str, Any]

KINDS = ("track", "identify", "page", "screen", "alias", "group")
"""No set: a foreign `type` may be a list or an object, which no set can be asked for."""
NAMES = {"page": "Page Viewed", "screen": "Screen Viewed", "identify": "Identified", "alias": "", "group": ""}
CONSENT_EVENT = "Consent Preference Updated"
OFF = frozenset({"false", "0"})
"""Of `adTrackingEnabled`, also as text, as files have it."""
OF_COMPANIES = "accounts"
"""`collection` of an external id that many people share."""
_NOTHING: dict[str, Any] = {}
_LAST = LATEST - 1_000 * 365 * DAY_MS
"""In the year 9000: caps and quiet hours look ahead in the local calendar, which ends at `LATEST`."""
MOST_IDENTIFIERS = 100
"""In one message, which visits each as a whole: with 1,900 of them a message of 1 MiB was 1.9 GB on `commands`."""
LONGEST_SOURCE, LONGEST_ID = 200, 200
"""Characters, of a source and of a `messageId`: both are kept with much that is said of somebody."""


def read_instant(value: Json, field: str) -> int:
    """Epoch ms of an ISO 8601 text (without zone: UTC), or of epoch ms as a number or as a text of digits.

    An instant after `_LAST` becomes `_LAST`. Raises Rejected, naming the field and never the value, where it is no time."""
    found: int | None = None
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value.strip())
        except ValueError:
            found = values.instant(value)
        else:
            found = values.epoch_ms(parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC))
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and -LATEST <= value <= LATEST:
        found = int(value // 1)
    if found is None:
        raise Rejected(f"{field} is no time; expected ISO 8601 with zone or epoch milliseconds")
    return found if found < _LAST else _LAST


def event_time(message: Message, received_at: int) -> int:
    """When it happened, by the sender's clock corrected for its skew; never later than `received_at`."""
    timestamp = message.get("timestamp")
    if timestamp is not None:
        happened = read_instant(timestamp, "timestamp")
        return happened if happened < received_at else received_at
    original, sent = message.get("originalTimestamp"), message.get("sentAt")
    if original is None:
        return received_at
    happened = read_instant(original, "originalTimestamp")
    if sent is not None:
        happened = received_at - (read_instant(sent, "sentAt") - happened)
    return min(happened, received_at)


def received(message: Message, otherwise: int) -> int:
    """`receivedAt` in ms; `otherwise` (the record's own time) where the message states none."""
    received_at = message.get("receivedAt")
    return otherwise if received_at is None else read_instant(received_at, "receivedAt")


class Intake:
    """Reads messages under the namespaces and the mapping of consent strings in force.

    consent_faults: reason -> number of messages whose consent could not be read for it, since this object began."""

    def __init__(self, namespaces: Namespaces, phone: PhoneNumber) -> None:
        self.namespaces = namespaces
        self.mapping = DEFAULT
        self.consent_faults: Counter[str] = Counter()
        self._phone = phone

    def read(
        self, message: Message, raw: bytes, received_at: int, arrival: int, identifiers: tuple[str, ...] = (),
    ) -> Event:
        """The event that `message` is. Raises Rejected with a reason free of personal data.

        `identifiers`: those it was accepted with, where it is read again; the rules of today are not asked."""
        kind = message.get("type")
        if kind not in KINDS:
            raise Rejected("type is missing or none of track, identify, page, screen, alias, group")
        context, properties = message.get("context"), message.get("properties")
        if not isinstance(context, dict):
            context = _object(context, "context")
        if not isinstance(properties, dict):
            properties = _object(properties, "properties")
        traits = _object(message["traits"], "traits") if "traits" in message else _NOTHING
        is_new = not identifiers
        if is_new:
            identifiers = _bounded(self.identifiers(message, context, properties, traits))
        if not identifiers and (kind != "alias" or self.previous(message) is None):
            raise Rejected("no identifier: every one is missing or blocked; expected userId, anonymousId, an e-mail, "
                           "a phone, a device id or an external id whose type is of letters a-z, digits, `_`, `.` and `-`")
        name = _event_name(message) if kind == "track" else NAMES[kind]
        properties, traits = _read_as(message, kind, properties, traits)
        is_statement = "consent" in context or name == CONSENT_EVENT
        consent = self._consent(name, properties, context, is_new=is_new) if is_statement else _NOTHING
        return Event(
            _message_id(message), kind, name, event_time(message, received_at), received_at, arrival, identifiers,
            properties, context, traits, consent, _source(context) if "source" in context else "", raw,
        )

    def identifiers(self, message: Message, context: Message, properties: Message, traits: Message) -> tuple[str, ...]:
        """All identifiers of a message, strongest first; of several e-mails those of the traits, the context's traits, the
        properties. `alias` leaves `previousId` to `previous`, and the traits of a `group` are no person's."""
        found: list[str] = []
        if "userId" in message:
            self._add(found, "customer_id", message["userId"])
        if "anonymousId" in message:
            self._add(found, "cookie", message["anonymousId"])
        if traits and message.get("type") != "group":
            self._person(found, traits)
        if "traits" in context and isinstance(context["traits"], dict):
            self._person(found, context["traits"])
        if "email" in properties:
            self._add(found, "email", properties["email"])
        if context:
            self._from_context(found, context)
        if len(found) > 1:
            found = sorted(dict.fromkeys(found), key=self.namespaces.strength)
        return tuple(found)

    def previous(self, message: Message) -> tuple[str, str] | None:
        """What `previousId` of an alias may be: a customer id if it was seen as one, else a cookie. Twice the cookie where
        the rules block it as a customer id. None for an alias of its own `userId`, which says nothing."""
        found: list[str] = []
        own: list[str] = []
        for name in ("customer_id", "cookie"):
            self._add(found, name, message.get("previousId"))
        self._add(own, "customer_id", message.get("userId"))
        if own and own == found[:1]:
            return None
        return (found[0], found[-1]) if found and namespace_of(found[-1]) == "cookie" else None

    def _consent(self, name: str, properties: Message, context: Message, *, is_new: bool) -> Mapping[str, bool]:
        """Purpose -> granted, as far as the message says in either place. What cannot be read is counted when the event is
        new."""
        places = [context["consent"]] if context.get("consent") is not None else []
        if name == CONSENT_EVENT and not (places and FIELDS.isdisjoint(properties)):
            places.append(properties)
        found: dict[str, bool] = {}
        for consent in places:
            statement, faults = stated(self.mapping, consent)
            restrict(found, statement)
            if is_new:
                self.consent_faults.update(faults)
        return found

    def _from_context(self, found: list[str], context: Message) -> None:
        """The devices and external ids of a message; an id whose type no rule could name is passed over."""
        if "device" in context and isinstance(device := context["device"], dict):
            if "id" in device:
                self._add(found, "device_id", device["id"])
            if "advertisingId" in device and str(device.get("adTrackingEnabled")).lower() not in OFF:
                self._add(found, "device_ad_id", device["advertisingId"])
        if "externalIds" in context and isinstance(context["externalIds"], list):
            for entry in context["externalIds"]:
                if (isinstance(entry, dict) and isinstance(entry.get("type"), str)
                        and entry.get("collection") != OF_COMPANIES and is_namespace(name := entry["type"].strip().lower())):
                    self._add(found, name, entry.get("id"))

    def _person(self, found: list[str], traits: Message) -> None:
        for name in ("email", "phone"):
            if name in traits:
                self._add(found, name, traits[name])

    def _add(self, found: list[str], name: str, value: Json) -> None:
        text = value if isinstance(value, str) else text_of(value)
        if text is None:
            return
        value = spelled(name, text)
        if "\x00" in value or is_blocked(value) or (
                self.namespaces.blocked and not self.namespaces.allows(name, value)):
            return
        if name == "phone":
            number = self._phone(value)
            if number is None:
                return
            value = number
        found.append(f"{name}:{value}")


def _source(context: Message) -> str:
    """`context.source` as type/name, or whichever there is; every trait, purpose and identifier of the event keeps it."""
    source = context.get("source")
    if not isinstance(source, dict):
        return ""
    return "/".join(str(part) for part in (source.get("type"), source.get("name")) if part)[:LONGEST_SOURCE]


def _bounded(identifiers: tuple[str, ...]) -> tuple[str, ...]:
    if len(identifiers) > MOST_IDENTIFIERS:
        raise Rejected(f"it names {len(identifiers):,} identifiers; at most {MOST_IDENTIFIERS} are followed")
    return identifiers


def _object(value: Json, field: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if value is None:
        return _NOTHING
    raise Rejected(f"{field} is no object")


def _read_as(
    message: Message, kind: str, properties: dict[str, Any], traits: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """`Event.properties` and `Event.traits`. Pages and screens may state two properties outside `properties`; those inside
    have priority."""
    if kind == "identify":
        return traits, traits
    if kind == "group":
        return traits, _group_traits(message, traits)
    if kind in ("page", "screen") and ("name" in message or "category" in message):
        properties = {name: message[name] for name in ("name", "category") if message.get(name) is not None} | properties
    return properties, _NOTHING


def _event_name(message: Message) -> str:
    name = message.get("event")
    if not isinstance(name, str) or not name:
        raise Rejected("event is missing or no text; a track message names what happened in the field event")
    return name


def _group_traits(message: Message, traits: dict[str, Any]) -> dict[str, Any]:
    """Each trait under a name of its own, so that it lasts until it is set anew; `group` has the message's traits as they
    came."""
    group = {"group_id": message["groupId"]} if "groupId" in message else {}
    single = {f"{GROUP}.{name}": value for name, value in traits.items()}
    return {**group, **({GROUP: traits} if traits else {}), **single}


def _message_id(message: Message) -> str:
    """`messageId` if it is a short text or a whole number, else a digest: of the text if it is long, of the message if there
    is none."""
    stated = message.get("messageId")
    if isinstance(stated, str) and 0 < len(stated) <= LONGEST_ID:
        return stated
    if isinstance(stated, int) and not isinstance(stated, bool):
        return str(stated)
    content: object = stated
    if not isinstance(stated, str) or not stated:
        content = {key: value for key, value in message.items() if key not in ("messageId", "receivedAt", "sentAt")}
    return hashlib.blake2b(json.dumps(content, sort_keys=True).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
