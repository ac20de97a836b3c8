"""Two people who turn out to be one, and said different things: the more restrictive holds.

Unless the newer statement came from the same source as the older: then that source knows what it said last. It is a
mark beside the statements and not a change to them, so that the rule `consent` and a later split see what was said; the
next statement, newer than the grant that was held back, ends it.

Compared is what each half had stated by itself. Each is noted before anything of another is folded in (`Profile.halves`),
and judged when all are there: so it does not matter which of them comes first, nor whether the message that joins them
does, whose own grant is a new statement.
"""
from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from streams.core.profile import Fragment, Profile, note_handover

Statement = list[Any]
"""[granted, event time, arrival, source]."""
OVERHEAD = 32
"""Bytes of a statement in a row beside its texts, at most."""


def is_held_back(profile: Profile, purpose: str, statement: Statement) -> bool:
    """True of a grant that a merge has put behind another source's denial."""
    return (_is_behind(statement, profile.restrained.get(purpose))
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


def conclude(profile: Profile) -> None:
    """All halves are there: where they contradict each other, the profile stays marked."""
    for purpose in sorted({purpose for half in profile.halves for purpose in half}):
        mark = _contradiction(profile.halves, purpose)
        if mark is not None:
            profile.restrained[purpose] = max(mark, profile.restrained.get(purpose, mark))
    profile.halves = []


def _note_own(profile: Profile) -> None:
    _note(profile, _effective(profile.fragments.values(), profile.restrained))


def _note(profile: Profile, half: dict[str, Statement]) -> None:
    profile.halves.append(half)
    profile.weight += sum(OVERHEAD + 4 * (len(purpose) + len(statement[3])) for purpose, statement in half.items())


def _contradiction(halves: Iterable[dict[str, Statement]], purpose: str) -> Statement | None:
    """The mark behind which the newest statement is, if it is a grant and another source's denial stands against it: one
    that this source has not taken back itself, in whichever half."""
    said = [half[purpose] for half in halves if purpose in half]
    newest = max(said, key=lambda statement: (statement[1:3], not statement[0]), default=None)
    if newest is None or not newest[0]:
        return None
    denials = [denial for denial in said if not denial[0] and not any(
        grant[0] and grant[3] == denial[3] and grant[1:3] > denial[1:3] for grant in said)]
    last = max(denials, key=lambda denial: denial[1:], default=None)
    return None if last is None else [newest[1], newest[2], last[3]]


def _effective(fragments: Iterable[Fragment], marks: dict[str, Statement]) -> dict[str, Statement]:
    """The newest statement about each purpose; a grant that is held back counts as the denial it stands behind."""
    found: dict[str, Statement] = {}
    for fragment in fragments:
        for purpose, statement in fragment.consent.items():
            if purpose not in found or statement[1:3] > found[purpose][1:3]:
                found[purpose] = statement
    for purpose, statement in found.items():
        mark = marks.get(purpose)
        if mark is not None and _is_behind(statement, mark):
            found[purpose] = [False, *statement[1:3], mark[2]]
    return found


def _is_behind(statement: Statement, mark: Statement | None) -> bool:
    return mark is not None and bool(statement[0]) and statement[1:3] <= mark[:2]
