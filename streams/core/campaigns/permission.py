"""May we, now? The one question that every activation asks before it is made (law L6).

Here and nowhere else, so that a further kind of consent or of suppression is one more reason in this file. It is
asked again whenever something held is due: an answer is good for the instant it was given at.
"""
from __future__ import annotations

from dataclasses import dataclass

from streams.core.computed import consent_state
from streams.core.identifiers import namespace_of
from streams.core.profile import Profile

ADDRESSES = frozenset({"email", "phone", "cookie", "device_id", "device_ad_id"})
"""Namespaces of what can be reached. To suppress any other identifier is to suppress the person."""


@dataclass(frozen=True, slots=True)
class Permission:
    """`basis`: what permits it, as `consent_basis` of the activation, or why not; it goes out with activations. `said`: what
    whoever suppressed it gave as a reason, which platforms need not know."""

    is_given: bool
    basis: str
    said: str = ""

    @property
    def why(self) -> str:
        """For those who ask inside."""
        return f"{self.basis}: {self.said}" if self.said else self.basis


def may_activate(profile: Profile, purpose: str, identifier: str) -> Permission:
    """Whether this person's `identifier` (`namespace:value`, one of the profile's own) may be addressed for the purpose, as
    the profile stands. Missing consent is no; what is suppressed is no whatever the consent."""
    suppressed = _suppression(profile, identifier)
    if suppressed is not None:
        return Permission(False, "suppressed", suppressed)
    state = consent_state(profile).get(purpose)
    if state is None:
        return Permission(False, f"no consent for {purpose}")
    return Permission(state, f"{purpose}: granted" if state else f"consent for {purpose} withdrawn")


def has_stated(profile: Profile, purpose: str) -> bool:
    """Whether anybody ever stated anything about the purpose; if not, there is nothing to ask."""
    return any(purpose in fragment.consent for fragment in profile.fragments.values())


def _suppression(profile: Profile, identifier: str) -> str | None:
    """Why nothing may be sent there: the address is suppressed, or the person is."""
    for suppressed, (_, reason) in profile.suppressed.items():
        if reason is not None and (suppressed == identifier or namespace_of(suppressed) not in ADDRESSES):
            return str(reason)
    return None
