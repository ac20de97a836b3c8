"""The content of a message: the channel's templates, filled with what is known of the person and with the deciding event."""
from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from streams.core.bounds import LARGEST
from streams.core.campaigns.text_message import size_of
from streams.core.computed import trait_values
from streams.core.context import Context
from streams.core.definitions import Channel
from streams.core.errors import Rejected
from streams.core.events import Event
from streams.core.profile import Profile

PARAMETERS = "parameters"
ESCAPED = 6
"""Bytes of a character in JSON, at most."""


def content(context: Context, profile: Profile, channel: Channel, event: Event | None, at: int) -> dict[str, Any]:
    """The channel's fields, rendered. Raises Rejected."""
    values = _values(context, profile, event, at)
    said: dict[str, Any] = {
        name: context.render(name, text, values) if isinstance(text, str) else text for name, text in channel.content}
    if PARAMETERS in said:
        said[PARAMETERS] = _parameters(context, said[PARAMETERS], values)
    return _bounded(said | _size(said["text"]) if channel.name == "sms" else said)


def creative(context: Context, profile: Profile, channel: Channel, event: Event | None, at: int) -> dict[str, Any]:
    """What an advertisement is filled with for this person: `parameters` of a display channel, rendered; empty where there
    are none. Raises Rejected."""
    templates = dict(channel.content).get(PARAMETERS)
    if not templates:
        return {}
    return _bounded({PARAMETERS: _parameters(context, templates, _values(context, profile, event, at))})


def _bounded(said: dict[str, Any]) -> dict[str, Any]:
    """Each field has its bound; all of them together are to fit into a record. Raises Rejected."""
    texts = [text for text in (*said.values(), *said.get(PARAMETERS, {}).values()) if isinstance(text, str)]
    if ESCAPED * sum(map(len, texts)) > LARGEST and len(json.dumps(said, ensure_ascii=False).encode()) > LARGEST:
        raise Rejected(f"all fields together are longer than {LARGEST >> 20} MiB")
    return said


def _parameters(context: Context, templates: Iterable[tuple[str, str]], values: dict[str, Any]) -> dict[str, str]:
    return {name: context.render(f"{PARAMETERS}.{name}", text, values) for name, text in templates}


def template_values(profile_id: str, traits: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """What templates can name: every trait by its name, hyphens also written as `_`; all of them as `traits`, unless a trait
    is called that; `profile` with its `id` and `traits`; the deciding `event`."""
    spelled = {name.replace("-", "_"): value for name, value in traits.items() if "-" in name}
    return {**spelled, "traits": traits, **traits, "profile": {"id": profile_id, "traits": traits}, "event": event}


def _values(context: Context, profile: Profile, event: Event | None, at: int) -> dict[str, Any]:
    happened = {"name": event.name, "properties": dict(event.properties)} if event else {}
    return template_values(profile.profile_id, trait_values(context.plan, profile, at), happened)


def _size(text: str) -> dict[str, Any]:
    size = size_of(text)
    return {"encoding": size.encoding, "length": size.length, "segments": size.segments}
