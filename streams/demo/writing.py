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
from streams.demo.acts import Act, Sender
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
    traits = _put_sender(message, act, chance)
    _put_content(message, act, traits)
    if label is Label.PARTLY_BLOCKED:
        message["userId"] = chance.choice(BLOCKED)
    return Sent(
        received_at=received_at, topic=topic(act.sender), key=act.sender.identifiers()[0].encode(),
        value=orjson.dumps(message), label=label, fact=_fact(act, received_at, event_time))


def topic(sender: Sender) -> str:
    found = (identifier.partition(":")[0] for identifier in sender.identifiers())
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
    return Label.PARTLY_BLOCKED if draw < 0.07 and not act.sender.customer_id else Label.ORDINARY


def _delay(label: Label, chance: random.Random) -> int:
    return chance.randint(LATE_MS, 45_000) if label is Label.LATE else chance.randint(5, 400)


def _fact(act: Act, received_at: int, event_time: int) -> Fact:
    return Fact(
        received_at=received_at, event_time=event_time, identifiers=act.sender.identifiers(),
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


def _put_sender(message: dict[str, Json], act: Act, chance: random.Random) -> dict[str, Json]:
    """Returns the traits among the identifiers, which an `identify` has as its own."""
    sender = act.sender
    context: dict[str, Json] = {"source": {"type": act.source}}
    traits: dict[str, Json] = {}
    if sender.email:
        traits["email"] = sender.email.title() if chance.random() < 0.2 else sender.email
    if sender.phone:
        traits["phone"] = _spaced(sender.phone) if chance.random() < 0.5 else sender.phone
    if sender.customer_id:
        message["userId"] = sender.customer_id
    if sender.cookie:
        message["anonymousId"] = sender.cookie
    if sender.card:
        context["externalIds"] = [{"id": sender.card, "type": "loyalty_card"}]
    if sender.app or sender.ad_id:
        context["device"] = _device(sender)
    if traits and act.type != "identify":
        context["traits"] = traits
    message["context"] = context
    return traits


def _put_content(message: dict[str, Json], act: Act, traits: dict[str, Json]) -> None:
    properties = dict(act.properties)
    if act.type == "identify":
        message["traits"] = {**act.traits, **traits}
        if act.consent:
            message["context"]["consent"] = {"purposes": act.consent}
    elif act.consent:
        properties["purposes"] = act.consent
    if act.type in ("page", "screen"):
        message["name"] = properties.get("name")
    if properties:
        message["properties"] = properties


def _device(sender: Sender) -> dict[str, Json]:
    if sender.app is None:
        return {"advertisingId": sender.ad_id}
    return {
        "id": sender.app.device_id, "type": sender.app.platform, "advertisingId": sender.app.advertising_id,
        "adTrackingEnabled": sender.app.allows_tracking}


def _spaced(phone: str) -> str:
    """+1 201 555 0123, as people write it."""
    return f"{phone[:2]} {phone[2:5]} {phone[5:8]} {phone[8:]}"


def _iso(moment: int, zone: timezone) -> str:
    seconds, milliseconds = divmod(moment, 1000)
    text = datetime.fromtimestamp(seconds, tz=zone).replace(microsecond=milliseconds * 1000)
    return text.isoformat(timespec="milliseconds").replace("+00:00", "Z")
