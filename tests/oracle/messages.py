"""Raw Segment messages as facts: when, what, whose."""
from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from functools import cache

from streams.core.values import Json

NUMERAL = r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?"
LAST = 253_402_300_799_999
"""The last millisecond of the year 9999."""
COUNTED = ("track", "page", "screen", "identify")
BLOCKED = {
    "null", "none", "nan", "undefined", "anonymous", "guest", "unknown", "-1", "true", "false", "id", "distinct_id",
    "email", "not_authenticated", "[object object]",
}


def instant(value: Json) -> int | None:
    """Epoch milliseconds of ISO 8601 or of epoch milliseconds (a text that is a number too); else None, also for a number
    beyond the year 9999, which no text can say."""
    if isinstance(value, str):
        found = _read(value)
    else:
        found = math.floor(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    return found if found is not None and abs(found) <= LAST else None


@cache
def _read(value: str) -> int | None:
    if re.fullmatch(NUMERAL, value):
        return math.floor(float(value))
    try:
        found = datetime.fromisoformat(value) if re.match(r"\d{4}-\d\d-\d\d", value) else None
    except ValueError:
        found = None
    if found is None:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    passed = found - datetime(1970, 1, 1, tzinfo=UTC)
    return passed.days * 86_400_000 + passed.seconds * 1000 + passed.microseconds // 1000


def received_at(message: dict[str, Json]) -> int:
    at = instant(message["receivedAt"])
    assert at is not None
    return at


def event_time(message: dict[str, Json]) -> int:
    at, stated = received_at(message), instant(message.get("timestamp"))
    if stated is not None:
        return min(stated, at)
    original, sent = instant(message.get("originalTimestamp")), instant(message.get("sentAt"))
    if original is None:
        return at
    return min(original if sent is None else at - (sent - original), at)


def is_counted(message: dict[str, Json]) -> bool:
    return message["type"] in COUNTED


def event_name(message: dict[str, Json]) -> str:
    names = {"page": "Page Viewed", "screen": "Screen Viewed", "identify": "Identified"}
    return str(message["event"]) if message["type"] == "track" else names.get(message["type"], "")


def properties(message: dict[str, Json]) -> dict[str, Json]:
    field = "traits" if message["type"] == "identify" else "properties"
    return message.get(field) or {}


def context(message: dict[str, Json]) -> dict[str, Json]:
    return message.get("context") or {}


def traits_set(message: dict[str, Json]) -> dict[str, Json]:
    """The top-level traits that a message sets; None removes."""
    traits = message.get("traits") or {}
    if message["type"] == "identify":
        return dict(traits)
    if message["type"] == "group":
        group = {"group_id": message["groupId"]} if "groupId" in message else {}
        return group | {f"group.{name}": value for name, value in traits.items()}
    return {}


def source_type(message: dict[str, Json]) -> str:
    """As the message states it; else by whether it tells of a screen or a page."""
    source = context(message).get("source")
    stated = source.get("type") if isinstance(source, dict) else None
    if isinstance(stated, str) and stated:
        return stated
    if message["type"] == "screen" or "app" in context(message):
        return "app"
    return "web" if message["type"] == "page" or "page" in context(message) else "unknown"


def consent_stated(message: dict[str, Json]) -> dict[str, bool]:
    places = [context(message).get("consent")]
    if message["type"] == "track" and message["event"] == "Consent Preference Updated":
        places.append(properties(message))
    found: dict[str, bool] = {}
    for place in places:
        for name, state in ((place or {}).get("purposes") or {}).items():
            found[name] = state is True and found.get(name, True)
    return found


def identifiers(message: dict[str, Json]) -> list[str]:
    """`namespace:value`, strongest first, blocked ones removed; `previousId` of an alias is not among them."""
    traits, inside = (message.get("traits") or {}) if message["type"] != "group" else {}, context(message)
    person = inside.get("traits") or {}
    device = inside.get("device") or {}
    found = [("customer_id", message.get("userId"))]
    found += [("email", place.get("email")) for place in (traits, person, message.get("properties") or {})]
    found += [("phone", place.get("phone")) for place in (traits, person)]
    found += sorted((each["type"].lower(), each["id"]) for each in inside.get("externalIds") or [])
    found += [("device_id", device.get("id"))]
    if device.get("adTrackingEnabled") is not False:
        found += [("device_ad_id", device.get("advertisingId"))]
    found += [("cookie", message.get("anonymousId"))]
    named: list[str] = []
    for namespace, value in found:
        normal = normalised(namespace, value)
        if normal is not None and f"{namespace}:{normal}" not in named:
            named.append(f"{namespace}:{normal}")
    return named


def normalised(namespace: str, value: Json) -> str | None:
    """None for a missing or blocked value."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    value = value.strip()
    if namespace in ("email", "device_ad_id"):
        value = value.lower()
    if re.fullmatch("[0-]*", value) or value.lower() in BLOCKED or len(value) > 512:
        return None
    if namespace == "phone":
        import phonenumbers

        try:
            number = phonenumbers.parse(value, None)
        except phonenumbers.NumberParseException:
            return None
        value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return value
