"""Where an event came from: the types of source that have a name here, and which one an event is of."""
from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from streams.core.events import Event
from streams.core.values import Json

UNKNOWN = "unknown"


class SourceType(StrEnum):
    """`context.source.type`."""

    WEB = "web"
    APP = "app"
    POS = "pos"
    CALL_CENTER = "call_center"
    CHATBOT = "chatbot"
    EMAIL = "email"
    CRM = "crm"
    AD_SERVER = "ad_server"


SOURCE_TYPES = frozenset(str(each) for each in SourceType)


def platform_of(event: Event) -> str:
    """`context.source.type`; where it is not stated, `app` or `web` by what the message tells of a screen or a page."""
    stated = text_at(object_at(event.context, "source"), "type")
    if stated:
        return stated
    if event.kind == "screen" or "app" in event.context:
        return "app"
    return "web" if event.kind == "page" or "page" in event.context else UNKNOWN


def object_at(context: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Empty for what is no object."""
    found = context.get(name)
    return found if isinstance(found, dict) else {}


def text_at(found: Mapping[str, Json], name: str) -> str | None:
    """None for what is no text, or an empty one."""
    value = found.get(name)
    return value if isinstance(value, str) and value else None
