"""Leaves that look at the person instead of events: identifiers, lists of members, consent, a stable share."""
from __future__ import annotations

from collections.abc import Container
from hashlib import blake2b

from streams.core.intervals import FOREVER
from streams.core.profile import EVENT_TIME, VALUE, Profile, newest_statement
from streams.core.segments.leaves.leaf import Evidence, Hears, Judgement, Leaf, digest
from streams.core.segments.listed import Digests
from streams.core.segments.rules import Consent, ConsentState, HasIdentifier, Members, Random

_WHOLE = 1 << 64


class Identified(Leaf):
    """The profile has an identifier of the namespace."""

    def __init__(self, node: HasIdentifier) -> None:
        super().__init__(node, hears=Hears(identity=True))
        self.prefix = f"{node.namespace}:"

    def judge(self, profile: Profile, now: int) -> Judgement:
        return any(identifier.startswith(self.prefix) for identifier in profile.identifiers), FOREVER

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        number = sum(identifier.startswith(self.prefix) for identifier in profile.identifiers)
        return (Evidence(value=number),)


class Listed(Leaf):
    """One of the profile's identifiers is in the list."""

    def __init__(self, node: Members) -> None:
        listing = node.digests or "\n".join(sorted(node.identifiers)).encode("utf-8", "surrogatepass")
        meaning = digest("Members", blake2b(listing, digest_size=16).hexdigest())
        super().__init__(node, hears=Hears(identity=True), meaning=meaning)
        self.listed: Container[str] = Digests(node.digests) if node.digests else node.identifiers

    def judge(self, profile: Profile, now: int) -> Judgement:
        return any(identifier in self.listed for identifier in profile.identifiers), FOREVER


class Consented(Leaf):
    """The newest statement about the purpose, by event time, then arrival."""

    def __init__(self, node: Consent) -> None:
        super().__init__(node, hears=Hears(purposes=(node.purpose,)))
        self.purpose, self.state = node.purpose, node.state

    def judge(self, profile: Profile, now: int) -> Judgement:
        statement = newest_statement(profile, self.purpose)
        if statement is None:
            return self.state is ConsentState.UNKNOWN, FOREVER
        return self.state is (ConsentState.GRANTED if statement[VALUE] else ConsentState.DENIED), FOREVER

    def evidence(self, profile: Profile, now: int) -> tuple[Evidence, ...]:
        statement = newest_statement(profile, self.purpose)
        return () if statement is None else (Evidence(event_time=statement[EVENT_TIME], value=statement[VALUE]),)


class Share(Leaf):
    """A stable share of all profiles: the same profile falls in or out for ever."""

    def __init__(self, node: Random) -> None:
        super().__init__(node, hears=Hears(identity=True))
        self.salt, self.limit = node.salt, node.percent / 100

    def judge(self, profile: Profile, now: int) -> Judgement:
        return share(self.salt, profile.profile_id) < self.limit, FOREVER


def share(salt: str, profile_id: str) -> float:
    """Where the profile falls in [0, 1): blake2b over salt and id, uniform, the same everywhere."""
    text = f"{salt}\x00{profile_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest()) / _WHOLE
