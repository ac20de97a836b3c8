"""Folds an event into a fragment: every source that hears it takes it in, and says which leaves to judge.

Nothing here looks at the clock or at other fragments, and the order of events does not matter to the outcome. So the same
function serves live events, late ones, and a rebuild from the timeline."""
from __future__ import annotations

from collections.abc import Callable, Container, Iterable

from streams.core.events import COUNTED, Event
from streams.core.precedence import keep_newest, origin, statements
from streams.core.profile import ARRIVAL, EVENT_TIME, Fragment, when
from streams.core.segments.leaves.leaf import KEPT, TURNED, Source
from streams.core.segments.leaves.terms import TraitHistory
from streams.core.segments.matching import compile_names
from streams.core.segments.plan import Plan

BEHIND = "-"
"""`Fragment.plan` of a fragment that lacks state under every plan."""


def fold(plan: Plan, fragment: Fragment, event: Event, *, is_alone: bool = False) -> list[str]:
    """Takes a new event (never a copy) into the fragment. Returns the ids of the leaves to judge again.

    is_alone: it is the only fragment of its profile, which was judged after the event before. The caller counts the event
    and notes its identifiers beforehand."""
    if fragment.plan != plan.source_set:
        if fragment.plan:
            return _fold_under_older(plan, fragment, event)
        fragment.plan = plan.source_set
    touched: list[str] = []
    if event.kind in COUNTED:
        leaves, least = fragment.leaves, TURNED if is_alone else KEPT
        for take, ids in plan.listeners(event.name):
            if take(leaves, event) >= least:
                touched += ids
    if event.traits:
        _set_traits(plan, fragment, event, touched)
        if plan.settings:
            _note_settings(plan, fragment, event, touched)
    if event.consent:
        _state_consent(plan, fragment, event, touched)
    if plan.birth_leaves and (not fragment.events or event.event_time <= fragment.first_seen):
        touched += plan.birth_leaves
    if plan.identity_leaves and len(event.identifiers) > 1:
        touched += plan.identity_leaves
    return touched


def _fold_under_older(plan: Plan, fragment: Fragment, event: Event) -> list[str]:
    """The fragment was folded under other definitions: the event goes into the state that it has. What it lacks is left to
    `refold`, which finds this event among the others. State that only the older plan keeps would miss this event, and is
    dropped, since that plan may come back before the fragment is folded anew."""
    fragment.plan = BEHIND
    fragment.leaves = {leaf: entries for leaf, entries in fragment.leaves.items() if leaf in plan.sources}
    for source in _hearing([source for source in plan.sources.values() if source.id in fragment.leaves])(event):
        source.fold(fragment.leaves, event)
    if event.traits:
        _set_traits(plan, fragment, event, [])
    _state_consent(plan, fragment, event, [])
    return []


def _set_traits(plan: Plan, fragment: Fragment, event: Event, touched: list[str]) -> None:
    told = [event.event_time, event.arrival, *origin(event)]
    for name, value in event.traits.items():
        if keep_newest(fragment, name, [value, *told]):
            touched += plan.by_trait.get(name, ())


def _note_settings(plan: Plan, fragment: Fragment, event: Event, touched: list[str]) -> None:
    for name in event.traits:
        for take, ids in plan.settings.get(name, ()):
            if take(fragment.leaves, event):
                touched += ids


def _state_consent(plan: Plan, fragment: Fragment, event: Event, touched: list[str]) -> None:
    consent, at, arrival = fragment.consent, event.event_time, event.arrival
    for purpose, granted in event.consent.items():
        known = consent.get(purpose)
        if known is None or at > known[EVENT_TIME] or (at == known[EVENT_TIME] and arrival >= known[ARRIVAL]):
            consent[purpose] = [granted, at, arrival, event.source]
            touched += plan.by_purpose.get(purpose, ())


def remember(fragment: Fragment, former: Fragment, given: Container[int]) -> None:
    """Keeps what `former` knows of traits and consent, except what the events of these arrivals said."""
    for name in former.traits:
        for statement in statements(former, name):
            if statement[ARRIVAL] not in given:
                keep_newest(fragment, name, statement)
    for purpose, statement in former.consent.items():
        known = fragment.consent.get(purpose)
        if statement[ARRIVAL] not in given and (known is None or when(statement) > when(known)):
            fragment.consent[purpose] = statement


def is_behind(plan: Plan, fragment: Fragment) -> bool:
    """Whether the fragment was folded under other sources than this plan's: then `refold` it before it is judged."""
    return fragment.plan != plan.source_set


def refold(plan: Plan, fragment: Fragment, events: Iterable[Event]) -> int:
    """Build what this plan keeps and the fragment lacks, from all its events that are still known, in any order.

    State of leaves that the plan lacks is dropped; what is there already stays, as it may know events that the timeline has
    forgotten. Traits and consent are taken from the events too, as far as newer, so a fragment cut anew from a timeline is
    complete. Counters and identifiers are the caller's. Returns how many leaves got a state by it."""
    fragment.leaves = {leaf: entries for leaf, entries in fragment.leaves.items() if leaf in plan.sources}
    kept = len(fragment.leaves)
    lacking = [source for source in plan.sources.values() if source.id not in fragment.leaves]
    hear = _hearing(lacking)
    for event in sorted(events, key=lambda event: (event.event_time, event.arrival)):
        for source in hear(event):
            source.fold(fragment.leaves, event)
        if event.traits:
            _set_traits(plan, fragment, event, [])
        _state_consent(plan, fragment, event, [])
    for source in lacking:
        if isinstance(source, TraitHistory):
            source.recall(fragment)
    fragment.plan = plan.source_set
    return len(fragment.leaves) - kept


def _hearing(sources: list[Source]) -> Callable[[Event], list[Source]]:
    """Which of these sources hear an event."""
    counted = [(source, compile_names(source.names)) for source in sources if source.names is not None]
    settings = [source for source in sources if source.trait is not None]

    def hear(event: Event) -> list[Source]:
        heard = [source for source in settings if source.trait in event.traits]
        if event.kind in COUNTED:
            heard += [source for source, named in counted if named(event.name)]
        return heard

    return hear
