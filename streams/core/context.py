"""What a stage may look at beside its message: the state, and what is in force."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.core.events import Event
from streams.core.identifiers import Namespaces
from streams.core.press import Press
from streams.core.profile import Profile
from streams.core.segments.plan import Plan
from streams.core.tables import Entry, Tables

Render = Callable[[str, str, Mapping[str, Any]], str]


@dataclass(slots=True, kw_only=True)
class Context:
    """edition rises with every revision and with every start or end of a campaign: a profile whose own edition is
    older is brought up to date before anything else happens to it.

    wall: ms of the wall's clock as the unit of work began. profile_id: the public id of a profile key. reread: the event
    that a timeline entry was. redact: an event as if it had never named these identifiers. render: fills the template of
    a field (name, text, values), raising Rejected where it cannot. view_after: ms between two 360 views of a profile,
    None for none. size_of: bytes of a profile as it is stored. presses: campaign -> the press of its button, if there
    was one. former: what was in force before, where that is known. rebuilt: profiles whose events were read again for
    new definitions, those events, and the leaf states of fragments folded from them; for the caller to count and clear.
    """

    tables: Tables
    plan: Plan
    namespaces: Namespaces
    edition: int
    profile_id: Callable[[str], str]
    reread: Callable[[Entry], Event]
    redact: Callable[[Event, Collection[str]], Event]
    render: Render
    size_of: Callable[[Profile], int]
    wall: int = 0
    view_after: int | None = None
    presses: Mapping[str, Press] = field(default_factory=dict)
    former: Plan | None = None
    rebuilt: Counter[str] = field(default_factory=Counter)
