"""Which identifiers of a person a channel addresses. In one place, so that what is shown of a channel is what it does."""
from __future__ import annotations

from streams.core.definitions import Channel
from streams.core.identifiers import ANONYMOUS

ADDRESS = {"email": "email", "sms": "phone"}
"""Channels that send messages, each to one address of this namespace. All others keep audiences."""


def addressed(channel: Channel) -> frozenset[str]:
    """Their namespaces: for an audience cookies and devices, unless its `identifiers` names others."""
    if channel.name in ADDRESS:
        return frozenset({ADDRESS[channel.name]})
    return frozenset(dict(channel.content).get("identifiers", ANONYMOUS))
