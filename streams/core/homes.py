"""Where a message is handled: the key whose partition it goes to, as `home` of the message."""
from __future__ import annotations

from streams.core.profile import home

REALM = "realm:default"
"""Home of the sequencer."""


class ToSequencer:
    """It decides in one order, so it has one home."""

    __slots__ = ()
    home = REALM


class ToProfile:
    """To a profile key, wherever the profile itself has gone since: a forward stands there."""

    __slots__ = ()
    profile: str

    @property
    def home(self) -> str:
        return home(self.profile)


class ToIdentifier:
    """An identifier is a key itself."""

    __slots__ = ()
    identifier: str

    @property
    def home(self) -> str:
        return self.identifier
