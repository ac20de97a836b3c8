"""What a message says: the channel's templates over what is known of the person and what decided."""
from __future__ import annotations

from typing import Any

from streams.core.campaigns.text_message import size_of
from streams.core.computed import trait_values
from streams.core.context import Context
from streams.core.definitions import Channel
from streams.core.events import Event
from streams.core.profile import Profile


def content(context: Context, profile: Profile, channel: Channel, event: Event | None, at: int) -> dict[str, Any]:
    """The channel's fields, rendered. Templates know every trait by its name, `profile` and `event`. Raises Rejected."""
    traits = trait_values(context.plan, profile, at)
    happened = {"name": event.name, "properties": dict(event.properties)} if event else {}
    known: dict[str, Any] = {**traits, "profile": {"id": profile.profile_id, "traits": traits}, "event": happened}
    said = {name: context.render(name, text, known) if isinstance(text, str) else text
            for name, text in channel.content}
    return said | _size(said["text"]) if channel.name == "sms" else said


def _size(text: str) -> dict[str, Any]:
    size = size_of(text)
    return {"encoding": size.encoding, "length": size.length, "segments": size.segments}
