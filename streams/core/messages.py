"""What tasks tell each other. Each says by `home` whose partition it goes to.

A command travels on the internal topic `commands`, or straight into the queue of the same task; a stage cannot tell which.
What stages tell the world is in `outputs`."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from streams.core import profile as profiles
from streams.core.endings import Bar, Expire, Forget, Keep, Redact, Report, Reported, Vacate, Wipe
from streams.core.events import Event
from streams.core.homes import ToIdentifier, ToProfile, ToSequencer
from streams.core.outputs import Output
from streams.core.requests import Announce, Asked, Petition, Split, Suppress, Suppressing
from streams.core.tables import Entry, Node


@dataclass(slots=True)
class Arrive:
    """An event, to the home of its strongest identifier."""

    event: Event

    @property
    def home(self) -> str:
        return self.event.identifiers[0]


@dataclass(slots=True)
class Resolve:
    """An alias, to where it can be told whether `previousId` was seen as a customer id."""

    event: Event
    as_customer: str
    as_cookie: str

    @property
    def home(self) -> str:
        return self.as_customer


@dataclass(slots=True)
class Visit:
    """New evidence on its way round the homes of the identifiers that it names; the first of `pending` is next.

    visits: identifier -> arrival of the first event of its lone profile, None where it has none."""

    event: Event
    pending: tuple[str, ...]
    visits: dict[str, int | None]

    @property
    def home(self) -> str:
        return self.pending[0]


@dataclass(slots=True)
class Decide(ToSequencer):
    """New evidence, to the sequencer."""

    event: Event
    visits: dict[str, int | None]


@dataclass(slots=True)
class Deliver(ToProfile):
    """An event for a profile. `fragment` is the one it is folded into; `decided` once the sequencer has spoken.

    gained: identifier -> [epoch, since]; expects: sources of fragments; suppressed: gained identifier -> row, as
    `Node.suppressed`."""

    event: Event
    profile: str
    fragment: str
    decided: bool = False
    created: int = 0
    gained: dict[str, list[int]] = field(default_factory=dict)
    expects: tuple[str, ...] = ()
    suppressed: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Point(ToIdentifier):
    """To an identifier's home: its owners, as the sequencer now has them."""

    identifier: str
    owners: list[list[Any]]

    @classmethod
    def of(cls, identifier: str, node: Node) -> Point:
        """With a copy of the owners: the node goes on changing."""
        return cls(identifier, [list(owner) for owner in node.owners])


@dataclass(slots=True)
class Release(ToProfile):
    """To a profile: give all you are to `to`."""

    profile: str
    to: str


@dataclass(slots=True)
class Cut(ToProfile):
    """To a profile: from event time `since` to `until` these identifiers are another's; hand over their events of that time.

    fragments: key here -> key there. is_split: what the person was told as a whole goes along."""

    profile: str
    to: str
    identifiers: Sequence[str]
    fragments: dict[str, str]
    since: int
    until: int | None
    source: str
    is_split: bool = False


@dataclass(slots=True)
class Adopt(ToProfile):
    """To a profile: fragments that are its own now, with their events. `last`: nothing more comes from `source`.

    `state`, in the first message only, is the released profile without its fragments, or what a cut takes along."""

    profile: str
    source: str
    fragments: list[profiles.Fragment]
    entries: list[Entry]
    state: profiles.Profile | None
    last: bool = True
    cause: str = "merge"


Command: TypeAlias = (Arrive | Resolve | Visit | Decide | Deliver | Point | Release | Cut | Adopt
                      | Asked | Suppress | Suppressing | Split | Announce | Expire | Keep | Forget | Vacate
                      | Petition | Bar | Wipe | Report | Reported)
Sent: TypeAlias = Command | Redact | Output
