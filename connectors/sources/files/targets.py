"""The fields of a message that a mapping may fill, and the type of each.

A closed list: a column mapped to `userID` would be ignored by the intake, and every row would be an event of nobody.
"""
from __future__ import annotations

from connectors.sources.files.mapping import As, Target
from streams.core.identifiers import is_namespace

TEXTS = ("type", "event", "name", "userId", "anonymousId", "messageId", "groupId", "previousId", "channel")
TIMES = ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
OBJECTS = ("properties", "traits", "context", "integrations")
EXTERNAL = "externalIds"
TARGETS = (*TEXTS, *TIMES, *OBJECTS, *(f"{name}.NAME" for name in OBJECTS), f"{EXTERNAL}.TYPE")

IDENTIFYING: frozenset[Target] = frozenset({
    ("userId",), ("anonymousId",), ("traits",), ("properties",), ("context",), ("traits", "email"), ("traits", "phone"),
    ("properties", "email"), ("context", "traits", "email"), ("context", "traits", "phone"), ("context", "device", "id"),
    ("context", "device", "advertisingId")})


def target(word: str) -> Target | None:
    """`properties.a.b` cut at its dots; None where it is no field of a message."""
    first, *rest = word.split(".")
    if not rest:
        return (first,) if first in (*TEXTS, *TIMES, *OBJECTS) else None
    if not all(rest) or first not in (*OBJECTS, EXTERNAL) or (first, rest[0]) == ("context", EXTERNAL):
        return None
    if first == EXTERNAL:
        return (EXTERNAL, ".".join(rest)) if is_namespace(word.removeprefix(f"{EXTERNAL}.").lower()) else None
    return (first, *rest)


def kind_of(found: Target) -> As | None:
    """The type of the field, whatever the file holds: texts for names and ids, times for times."""
    if found[0] in TEXTS or (len(found) > 1 and is_identifying(found)):
        return As.TEXT
    return As.TIME if found[0] in TIMES else None


def is_identifying(found: Target) -> bool:
    return found in IDENTIFYING or found[0] == EXTERNAL
