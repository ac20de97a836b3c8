"""From an activation to a request of Kevel's UserDB, and from its answer to an outcome. Pure.

Sources: segmentio/action-destinations, destinations/kevel (interests: POST adds, DELETE removes, a JSON list of names, the
user in `userKey`, the header X-Adzerk-ApiKey); dev.kevel.com/reference/userdb (user keys can be read by anybody unless
the network demands the API key, so they must not be anything that can be guessed).
"""
from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from connectors.delivery import Activation, Deferred, Delivered, Outcome, Refused
from connectors.delivery.answers import TO_MEND, outcome_of
from connectors.delivery.asking import Response

GUESSED = frozenset({"email", "phone"})
"""What may be a user key as a digest only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestChange:
    method: str
    user_key: str
    interest: str


def user_key_of(identifier: str, *, is_hashed: bool) -> str | Refused:
    """SHA-256 in lower-case hex, of the value alone; or the value, which the site gives Kevel too."""
    namespace, _, value = identifier.partition(":")
    if is_hashed:
        return sha256(value.encode()).hexdigest()
    return Refused(why=f"a {namespace} is no user key; expected user_key: sha256") if namespace in GUESSED else value


def change_of(activation: Activation, *, is_hashed: bool) -> InterestChange | Refused:
    if not activation.audience:
        return Refused(why="no change of an audience")
    user_key = user_key_of(activation.identifier, is_hashed=is_hashed)
    if isinstance(user_key, Refused):
        return user_key
    return InterestChange(
        method="DELETE" if activation.is_removal else "POST", user_key=user_key, interest=activation.audience)


def read_answer(answer: Response, at: int, *, is_about_the_user: bool = False) -> Outcome:
    """By the status, because the body is not documented. A web page comes from some proxy, whatever its status.
    `is_about_the_user`: a removal at an address that is known to be right: 404 says that nothing is left to remove."""
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        return Deferred(why=f"HTTP {answer.status}, and not Kevel's answer", to_mend=answer.status in TO_MEND)
    if answer.status == 404 and is_about_the_user:
        return Delivered()
    return outcome_of(answer.status, answer.retry_after, at)
