"""When two people turn out to be one and their consent differs, the more restrictive statement holds.

Unless the newer statement came from the same source as the older: that source knows what it said last. The grant is held
back by a mark beside the statements, which stay as they are: the rule `consent` and a later split see what was said. The
next, newer grant ends it.

What each half had stated is noted before anything of another is folded in (`Profile.halves`), and compared when all halves
are there. So it does not matter which comes first, nor when the message that joins them does: its own grant is a new
statement. The same kind of mark stands for a denial that is known but not folded in yet (`announce`)."""
from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, TypeAlias

from streams.core.events import Event
from streams.core.intervals import FOREVER
from streams.core.profile import SOURCE, VALUE, Fragment, Profile, Statement, newest_statement, note_handover, when

Mark: TypeAlias = list[Any]
"""[event time, arrival, source of the denial] of the newest grant that is held back."""
OVERHEAD = 32
"""Bytes of a statement in a row beside its texts, at most."""
ANNOUNCED = "\x00"
"""Before the purpose, in `Profile.restrained`: the denial is in a message that is still to be decided. The third entry is
then the message's strongest identifier."""


def is_held_back(profile: Profile, purpose: str, statement: Statement) -> bool:
    """True of a grant that a merge has put behind another source's denial, or that is older than one on its way."""
    return (_is_behind(statement, profile.restrained.get(purpose))
            or _is_behind(statement, profile.restrained.get(ANNOUNCED + purpose))
            or _is_behind(statement, _contradiction(profile.halves, purpose)))


def expect(profile: Profile, sources: Collection[str]) -> None:
    """Fragments of these sources are to come. Called before the event that joins them is folded in. If others are to come
    already, what was folded in since then is one more half: of two decisions under way the more restrictive holds."""
    if sources:
        _note_own(profile)
    for source in sources:
        note_handover(profile, source, 1)


def note_other(profile: Profile, fragments: Iterable[Fragment], state: Profile) -> None:
    """Called before the fragments of an absorbed profile are joined to this one's. `state`: the rest of that profile."""
    if not profile.halves:
        _note_own(profile)
    _note(profile, _effective(fragments, state.restrained))
    profile.halves += state.halves
    for purpose, mark in state.restrained.items():
        profile.restrained[purpose] = max(mark, profile.restrained.get(purpose, mark))


def announce(profile: Profile, event: Event) -> bool:
    """This event goes to the sequencer first, and comes back to the person who has its strongest identifier. True if what it
    denies was granted: from now on it is held back."""
    return _has_since(profile, event.subject, event.event_time) and hold_back(profile, event)


def hold_back(profile: Profile, event: Event) -> bool:
    """What this event denies is held back until it is folded in. True if any of it had been granted, perhaps held back: a
    later grant is then compared with the latest denial under way."""
    is_noted = False
    mark = [event.event_time, event.arrival, event.subject]
    for purpose, is_granted in event.consent.items():
        newest = newest_statement(profile, purpose)
        if is_granted or newest is None or not _is_behind(newest, mark):
            continue
        is_noted = True
        profile.restrained[ANNOUNCED + purpose] = max(mark, profile.restrained.get(ANNOUNCED + purpose, mark))
        profile.weight += OVERHEAD + 4 * (len(purpose) + len(event.subject))
    return is_noted


def forget_announced(profile: Profile, identifier: str = "", since: int = FOREVER, until: int | None = None) -> None:
    """Drop the marks of denials that have come, and of those that come to whoever has this identifier from `since` to
    `until` instead."""
    for key in [key for key in profile.restrained if key.startswith(ANNOUNCED)]:
        mark, newest = profile.restrained[key], newest_statement(profile, key.removeprefix(ANNOUNCED))
        denied_at, arrival, subject = mark
        is_others = subject == identifier and since <= denied_at < (FOREVER if until is None else until)
        if is_others or (newest is not None and when(newest) >= [denied_at, arrival]):
            del profile.restrained[key]


def conclude(profile: Profile) -> None:
    """All halves are there: where they contradict each other, the profile stays marked."""
    for purpose in sorted({purpose for half in profile.halves for purpose in half}):
        mark = _contradiction(profile.halves, purpose)
        if mark is not None:
            profile.restrained[purpose] = max(mark, profile.restrained.get(purpose, mark))
    if profile.halves:
        _forget_others(profile)
    profile.halves = []
    forget_announced(profile)


def _forget_others(profile: Profile) -> None:
    """Of denials announced to a profile that was absorbed, drop those that do not come here: their identifier had left it
    already, by decisions that this profile heard of before the mark came."""
    for key in [key for key in profile.restrained if key.startswith(ANNOUNCED)]:
        denied_at, _, subject = profile.restrained[key]
        if not _has_since(profile, subject, denied_at):
            del profile.restrained[key]


def _has_since(profile: Profile, identifier: str, moment: int) -> bool:
    """Whether it is this profile's, and was at that event time."""
    _, since = profile.identifiers.get(identifier) or (0, FOREVER)
    return since <= moment


def _note_own(profile: Profile) -> None:
    _note(profile, _effective(profile.fragments.values(), profile.restrained))


def _note(profile: Profile, half: dict[str, Statement]) -> None:
    profile.halves.append(half)
    profile.weight += sum(OVERHEAD + 4 * (len(purpose) + len(statement[SOURCE])) for purpose, statement in half.items())


def _contradiction(halves: Iterable[dict[str, Statement]], purpose: str) -> Mark | None:
    """The mark behind which the newest statement is, if it is a grant and another source's denial stands against it: one
    that this source has not taken back itself, in whichever half."""
    said = [half[purpose] for half in halves if purpose in half]
    newest = max(said, key=lambda statement: (when(statement), not statement[VALUE]), default=None)
    if newest is None or not newest[VALUE]:
        return None
    denials = [denial for denial in said if not denial[VALUE] and not any(
        grant[VALUE] and grant[SOURCE] == denial[SOURCE] and when(grant) > when(denial) for grant in said)]
    last = max(denials, key=lambda denial: (when(denial), denial[SOURCE]), default=None)
    return None if last is None else [*when(newest), last[SOURCE]]


def _effective(fragments: Iterable[Fragment], marks: dict[str, Mark]) -> dict[str, Statement]:
    """The newest statement about each purpose; a grant that is held back counts as the denial it stands behind."""
    found: dict[str, Statement] = {}
    for fragment in fragments:
        for purpose, statement in fragment.consent.items():
            if purpose not in found or when(statement) > when(found[purpose]):
                found[purpose] = statement
    for purpose, statement in found.items():
        mark = marks.get(purpose)
        if mark is not None and _is_behind(statement, mark):
            *_, source = mark
            found[purpose] = [False, *when(statement), source]
    return found


def _is_behind(statement: Statement, mark: Mark | None) -> bool:
    if mark is None or not statement[VALUE]:
        return False
    *newest, _ = mark
    return when(statement) <= newest
