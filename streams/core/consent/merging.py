"""Two people who turn out to be one, and said different things: the more restrictive holds.

Unless the newer statement came from the same source as the older: then that source knows what it said last. It is a
mark beside the statements and not a change to them, so that the rule `consent` and a later split see what was said; the
next statement, newer than the grant that was held back, ends it.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from streams.core.profile import Fragment, Profile

Statement = list[Any]
"""[granted, event time, arrival, source]."""


def is_held_back(profile: Profile, purpose: str, statement: Statement) -> bool:
    """True of a grant that a merge has put behind somebody's denial."""
    return _is_behind(statement, profile.restrained.get(purpose))


def restrain(profile: Profile, others: Iterable[Fragment], marks: dict[str, Statement]) -> None:
    """Before the fragments of an absorbed profile, restrained by `marks`, are joined to this one's."""
    ours = _effective(profile.fragments.values(), profile.restrained)
    theirs = _effective(others, marks)
    for purpose, mark in marks.items():
        profile.restrained[purpose] = max(mark, profile.restrained.get(purpose, mark))
    for purpose in sorted(ours.keys() & theirs.keys()):
        older, newer = sorted((ours[purpose], theirs[purpose]), key=lambda statement: statement[1:3])
        if newer[0] and not older[0] and newer[3] != older[3]:
            profile.restrained[purpose] = [newer[1], newer[2], older[3]]


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
