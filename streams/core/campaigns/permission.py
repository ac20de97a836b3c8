"""May we, now? The one question that every activation asks before it is made (law L6).

Here and nowhere else, so that a further kind of consent or of suppression is one more reason in this file. It is
asked again whenever something held is due: an answer is good for the instant it was given at.
"""
from __future__ import annotations

from dataclasses import dataclass

from streams.core.computed import consent_state
from streams.core.profile import Profile


@dataclass(frozen=True, slots=True)
class Permission:
    """`basis`: what permits it, as `consent_basis` of the activation, or why not. No personal data in it."""

    is_given: bool
    basis: str


def may_activate(profile: Profile, purpose: str, channel: str, identifier: str, at: int) -> Permission:
    """Whether this person's `identifier` may be addressed on the channel for the purpose at `at`.

    Missing consent is no. `identifier` is `namespace:value`, one of the profile's own.
    """
    state = consent_state(profile).get(purpose)
    if state is None:
        return Permission(False, f"no consent for {purpose}")
    return Permission(state, f"{purpose}: granted" if state else f"consent for {purpose} withdrawn")
