"""From an act to the bytes that its source would send, and the fact beside them.

Sources write times as real ones do: browsers ISO 8601, apps by their own wrong clock, tills and ad servers epoch
milliseconds, the call centre its local time.
"""
from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone

import orjson

from streams.core.platforms import SourceType
from streams.core.values import Json
from streams.demo.acts import Act, Names
from streams.demo.facts import Fact, Label, Sent

HITS, INTERACTIONS = "events.hits", "events.interactions"
ANONYMOUS = ("cookie", "device_id", "device_ad_id")
EVENTS = {"page": "Page Viewed", "screen": "Screen Viewed", "identify": "Identified"}
LOCAL = timezone(timedelta(hours=1))
LATE_MS = 1_000
BLOCKED = ("guest", "null", "undefined", "00000000-0000-0000-0000-000000000000", "NOT_AUTHENTICATED")


def write(act: Act, received_at: int, message_id: str, chance: random.Random) -> Sent:
    """The message of one act, received at an instant. Some ad servers leave the id out."""
    label = _label(act, chance)
    delay = 0 if label is Label.AHEAD else act.delay_ms or _delay(label, chance)
    event_time = act.person.moment(received_at - delay)
    if event_time != received_at and label is Label.AHEAD:
        label = Label.ORDINARY
    message: dict[str, Json] = {"type": act.type, "receivedAt": iso(received_at)}
    if act.source is not SourceType.AD_SERVER or chance.random() < 0.7:
        message["messageId"] = message_id
    if act.type == "track":
        message["event"] = act.event
    message |= _times(act, label, event_time, received_at, chance)
    _put_names(message, act, chance)
    _put_content(message, act)
    if label is Label.PARTLY_BLOCKED:
        message["userId"] = chance.choice(BLOCKED)
    return Sent(
        received_at=received_at, topic=topic(act.names), key=act.names.identifiers()[0].encode(),
        value=orjson.dumps(message), label=label, fact=_fact(act, received_at, event_time))


def topic(names: Names) -> str:
    found = (identifier.partition(":")[0] for identifier in names.identifiers())
    return HITS if all(namespace in ANONYMOUS for namespace in found) else INTERACTIONS


def iso(moment: int) -> str:
    return _iso(moment, UTC)


def _label(act: Act, chance: random.Random) -> Label:
    if act.delay_ms:
        return Label.LATE
    draw = chance.random()
    if draw < 0.04:
        return Label.LATE
    if draw < 0.05 and act.source is SourceType.WEB:
        return Label.AHEAD
    return Label.PARTLY_BLOCKED if draw < 0.07 and not act.names.customer_id else Label.ORDINARY


def _delay(label: Label, chance: random.Random) -> int:
    return chance.randint(LATE_MS, 45_000) if label is Label.LATE else chance.randint(5, 400)


def _fact(act: Act, received_at: int, event_time: int) -> Fact:
    return Fact(
        received_at=received_at, event_time=event_time, identifiers=act.names.identifiers(),
        event=EVENTS.get(act.type, act.event), source=act.source, properties=act.properties, traits=act.traits,
        consent=act.consent)


def _times(act: Act, label: Label, event_time: int, received_at: int, chance: random.Random) -> dict[str, Json]:
    if label is Label.AHEAD:
        return {"timestamp": iso(event_time + chance.randint(60_000, 86_400_000))}
    match act.source:
        case SourceType.APP:
            wrong = chance.randint(-300_000, 300_000)
            return {"originalTimestamp": iso(event_time + wrong), "sentAt": iso(received_at + wrong)}
        case SourceType.POS | SourceType.AD_SERVER:
            return {"timestamp": event_time}
        case SourceType.CALL_CENTER:
            return {"timestamp": _iso(event_time, LOCAL)}
        case _:
            return {"timestamp": iso(event_time)}


def _put_names(message: dict[str, Json], act: Act, chance: random.Random) -> None:
    names = act.names
    context: dict[str, Json] = {"source": {"type": act.source}}
    person: dict[str, Json] = {}
    if names.email:
        person["email"] = names.email.title() if chance.random() < 0.2 else names.email
    if names.phone:
        person["phone"] = _spaced(names.phone) if chance.random() < 0.5 else names.phone
    if names.customer_id:
        message["userId"] = names.customer_id
    if names.cookie:
        message["anonymousId"] = names.cookie
    if names.card:
        context["externalIds"] = [{"id": names.card, "type": "loyalty_card"}]
    if names.app or names.ad_id:
        context["device"] = _device(names)
    if person and act.type != "identify":
        context["traits"] = person
    message["context"] = context
    message["traits"] = person


def _put_content(message: dict[str, Json], act: Act) -> None:
    person = message.pop("traits")
    properties = dict(act.properties)
    if act.type == "identify":
        message["traits"] = {**act.traits, **person}
        if act.consent:
            message["context"]["consent"] = {"purposes": act.consent}
    elif act.consent:
        properties["purposes"] = act.consent
    if act.type in ("page", "screen"):
        message["name"] = properties.get("name")
    if properties:
        message["properties"] = properties


def _device(names: Names) -> dict[str, Json]:
    if names.app is None:
        return {"advertisingId": names.ad_id}
    return {
        "id": names.app.device_id, "type": names.app.platform, "advertisingId": names.app.advertising_id,
        "adTrackingEnabled": names.app.allows_tracking}


def _spaced(phone: str) -> str:
    """+1 201 555 0123, as people write it."""
    return f"{phone[:2]} {phone[2:5]} {phone[5:8]} {phone[8:]}"


def _iso(moment: int, zone: timezone) -> str:
    seconds, milliseconds = divmod(moment, 1000)
    text = datetime.fromtimestamp(seconds, tz=zone).replace(microsecond=milliseconds * 1000)
    return text.isoformat(timespec="milliseconds").replace("+00:00", "Z")
