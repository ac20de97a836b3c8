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
"""Fills a template: of a field's name, the template's text and the values. Raises Rejected where it cannot."""


@dataclass(slots=True, kw_only=True)
class Context:
    """The context of one task; `wall` is set anew for each unit of work."""

    tables: Tables
    plan: Plan
    namespaces: Namespaces
    edition: int
    """Rises with every revision, and with every start or end of a campaign. A profile of an older edition is brought up to
    date before anything else happens to it."""
    profile_id: Callable[[str], str]
    """The public id of a profile key."""
    reread: Callable[[Entry], Event]
    """The event that a timeline entry was."""
    redact: Callable[[Event, Collection[str]], Event]
    """The event as if it had never named these identifiers."""
    render: Render
    size_of: Callable[[Profile], int]
    """Bytes of a profile as it is stored."""
    wall: int = 0
    """The wall clock when the unit of work began, in ms."""
    view_after: int | None = None
    """Least ms between two 360 views of a profile; None: no views."""
    presses: Mapping[str, Press] = field(default_factory=dict)
    """Campaign -> the last press of its button, if there was one."""
    former: Plan | None = None
    """What was in force before, where that is known."""
    rebuilt: Counter[str] = field(default_factory=Counter)
    """`profiles` whose events were read again for new definitions, those `events`, and the `leaves` folded from them. The
    caller reads and clears it."""
