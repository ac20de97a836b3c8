"""Histories for property tests: few people, few devices, many collisions.

Small pools are the point: bugs of identity need the same identifiers to meet again and again, at equal times too.
Every message states all three of messageId, timestamp and receivedAt, so that an oracle needs no defaults.
"""
from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Message = dict[str, Any]

START = 1_767_225_600_000
"""2026-01-01T00:00:00Z"""
HOUR = 3_600_000
DAY = 24 * HOUR

GAPS = st.sampled_from((0, 1, 1_000, HOUR, 5 * HOUR, DAY, DAY + 1, 2 * DAY))
LAGS = st.sampled_from((0, 0, 0, 0, 1, HOUR, DAY, 3 * DAY))
EVENTS = st.sampled_from(("Product Added", "Order Completed", "Email Opened"))
COOKIES = ("c1", "c2", "c3", "c4", "c5")
DEVICES = ("d1", "d2")
USERS = ("u1", "u2", "u3")
EMAILS = ("ann@example.org", "bob@example.org")
ADS, MAIL = "personalised-ads", "email-marketing"

LIMITS_LIFTED = {"identity/one": {"kind": "identity", "id": "one", "namespaces": {
    name: {"limit": {"at_most": 100}} for name in ("customer_id", "email", "phone", "device_id", "cookie")}}}
"""Under these rules nothing conflicts: whatever one message names is one person."""
LIMITS_TIGHT = {"identity/one": {"kind": "identity", "id": "one", "namespaces": {
    "customer_id": {"limit": {"at_most": 1}}, "email": {"limit": {"at_most": 1}},
    "device_id": {"limit": {"at_most": 1}}, "cookie": {"limit": {"at_most": 2}}}}}


def _maybe(values: tuple[str, ...], likely: int) -> st.SearchStrategy[str | None]:
    return st.sampled_from((*values, *[None] * (len(values) * (4 - likely) // likely)))


@st.composite
def named(draw: st.DrawFn) -> Message:
    """The fields of a message that name somebody; never nobody."""
    found: Message = {"anonymousId": draw(_maybe(COOKIES, 3)), "userId": draw(_maybe(USERS, 1)), "context": {}}
    if (email := draw(_maybe(EMAILS, 1))) is not None:
        found["context"]["traits"] = {"email": email}
    if (device := draw(_maybe(DEVICES, 1))) is not None:
        found["context"]["device"] = {"id": device}
    if found["userId"] is None and not found["context"] and found["anonymousId"] is None:
        found["anonymousId"] = draw(st.sampled_from(COOKIES))
    return {key: value for key, value in found.items() if value is not None}


@st.composite
def said(draw: st.DrawFn) -> Message:
    """What a message says: event, traits, consent."""
    match draw(st.sampled_from(("track", "track", "track", "page", "identify", "consent"))):
        case "track":
            return {"type": "track", "event": draw(EVENTS), "properties": {"value": draw(st.integers(0, 3))}}
        case "page":
            return {"type": "page", "properties": {"path": "/"}}
        case "identify":
            return {"type": "identify", "traits": {"plan": draw(st.sampled_from(("free", "paid", None)))}}
        case _:
            purposes = {name: draw(st.booleans()) for name in ("personalised-ads", "email-marketing")}
            return {"type": "track", "event": "Consent Preference Updated", "properties": {"purposes": purposes}}


@st.composite
def histories(draw: st.DrawFn, most: int = 14, aliases: bool = False) -> list[Message]:
    """Messages in order of receipt; some are late, some are copies of earlier ones."""
    found: list[Message] = []
    now = START
    for number in range(draw(st.integers(1, most))):
        now += draw(GAPS)
        if found and draw(st.integers(0, 11)) == 0:
            found.append({**draw(st.sampled_from(found)), "receivedAt": now})
            continue
        body = draw(said()) | draw(named())
        if aliases and draw(st.integers(0, 7)) == 0:
            previous = draw(st.sampled_from((*USERS, *COOKIES)))
            body = {"type": "alias", "userId": draw(st.sampled_from(USERS)), "previousId": previous}
        found.append(body | {"messageId": f"m{number}", "timestamp": now - draw(LAGS), "receivedAt": now})
    return found


_WHO = st.sampled_from((
    {"userId": "u1"}, {"anonymousId": "c1"}, {"anonymousId": "c2"}, {"userId": "u1", "anonymousId": "c2"},
    {"userId": "u2", "anonymousId": "c1"}, {"userId": "u1", "context": {"traits": {"email": EMAILS[0]}}},
    {"userId": "u2", "context": {"traits": {"email": EMAILS[0]}}},
    {"userId": "u2", "anonymousId": "c3", "context": {"traits": {"email": EMAILS[1]}}}))
_PURPOSES = st.fixed_dictionaries({}, optional={ADS: st.booleans(), MAIL: st.booleans()})
_CONSENT = "Consent Preference Updated"
_SAID = st.one_of(
    st.sampled_from(("Product Added", "Product Added", "Order Completed")).map(lambda name: {"event": name}),
    _PURPOSES.map(lambda purposes: {"event": _CONSENT, "properties": {"purposes": purposes}}))
_ALL = {"event": _CONSENT, "properties": {"purposes": {ADS: True, MAIL: True}}}
BEGINNING: list[Message] = [
    _ALL | {"userId": "u1", "anonymousId": "c1", "context": {"traits": {"email": EMAILS[0]}}},
    _ALL | {"userId": "u2", "anonymousId": "c3", "context": {"traits": {"email": EMAILS[1]}}}]


@st.composite
def lively(draw: st.DrawFn) -> list[Message]:
    """Two people who permit everything at first, and then as `histories`, but with few identifiers and much consent."""
    found, now = [], START
    for number in range(draw(st.integers(4, 14))):
        now += draw(GAPS)
        body = BEGINNING[number] if number < len(BEGINNING) else draw(_SAID) | draw(_WHO)
        found.append(body | {"type": "track", "messageId": f"m{number}", "receivedAt": now, "timestamp": now - draw(LAGS)})
    return found


LIVES = st.one_of(histories(), lively(), lively(), lively())
"""For laws about what is sent: of `histories` alone a sixth send anything at all, and hardly any enough for a cap."""


def _segment(name: str, rule: Message) -> tuple[str, Message]:
    return f"segment/{name}", {"kind": "segment", "id": name, "rule": rule}


def _campaign(name: str, segment: str, trigger: str, channels: Message) -> tuple[str, Message]:
    return f"campaign/{name}", {"kind": "campaign", "id": name, "segment": segment, "trigger": trigger,
                                "channels": channels, "status": "live"}


SEGMENTS: Message = dict((
    _segment("everybody", {"everyone": {}}),
    _segment("carts", {"performed": {"event": "Product Added", "within": "1d"}}),
    _segment("twice", {"performed": {"event": "Product Added", "at_least": 2, "within": "2d"}}),
    _segment("once", {"performed": {"event": "Order Completed", "exactly": 1}}),
    _segment("left", {"all": [{"in_segment": {"id": "carts"}},
                              {"not": {"performed": {"event": "Order Completed", "within": "5h"}}}]}),
    _segment("paying", {"trait": {"name": "plan", "is": "paid"}}),
    _segment("browsers", {"identifier": {"namespace": "cookie"}}),
    _segment("spent", {"aggregate": {"event": "Order Completed", "function": "sum", "property": "value", "gte": 3}}),
    _segment("reached", {"consent": {"purpose": "email-marketing"}}),
))
CAMPAIGNS: Message = dict((
    _campaign("ads", "carts", "entered", {
        "display": {"audience": "cart", "destinations": ["gam"], "purpose": "personalised-ads"}}),
    _campaign("mails", "twice", "entered", {
        "email": {"subject": "Hello", "text": "still there?", "purpose": "email-marketing"}}),
    _campaign("thanks", "once", "both", {
        "email": {"subject": "Hello", "text": "thank you", "purpose": "email-marketing"},
        "display": {"audience": "once", "destinations": ["gam"], "identifiers": ["email", "phone", "cookie"],
                    "purpose": "personalised-ads"}}),
))
DESTINATIONS: Message = {"destination/gam": {
    "kind": "destination", "id": "gam", "channel": "display", "connector": "http", "settings": {}}}
EVERYTHING: Message = SEGMENTS | CAMPAIGNS | DESTINATIONS
