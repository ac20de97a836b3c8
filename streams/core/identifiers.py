"""Identifiers: which namespaces there are, in which order they bind, and which values are nobody's.

An identifier is the text `namespace:value`. It is its own Kafka key and its own state key, so that there is one form
everywhere and nothing to convert."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from streams.core.definitions import Caps, Namespace, OnConflict
from streams.core.values import Json

LONGEST_VALUE = 512
INEXACT = 2**53
"""From here on a float stands for several whole numbers."""
ANONYMOUS: frozenset[str] = frozenset({"cookie", "device_id", "device_ad_id"})
CUSTOM_PRIORITY = 4
CUSTOM_LIMIT = 5
MOST_NAMESPACES = 1_000
"""Rows kept; names of custom namespaces come from outside."""

BLOCKED: frozenset[str] = frozenset({
    "null", "none", "nan", "undefined", "anonymous", "guest", "unknown", "-1", "true", "false", "id",
    "distinct_id", "email", "not_authenticated", "[object object]",
})

DEFAULT_NAMESPACES: tuple[Namespace, ...] = (
    Namespace(name="customer_id", priority=1, at_most=1),
    Namespace(name="email", priority=2, at_most=5),
    Namespace(name="phone", priority=3, at_most=5),
    Namespace(name="device_id", priority=5, at_most=10, on_conflict=OnConflict.LAST_LOGIN),
    Namespace(name="device_ad_id", priority=6, at_most=10, on_conflict=OnConflict.LAST_LOGIN),
    Namespace(name="cookie", priority=7, at_most=50, on_conflict=OnConflict.LAST_LOGIN),
)

_NAMESPACE = re.compile(r"[a-z0-9_.][a-z0-9_.-]*")
LOWERED = frozenset({"email", "device_ad_id"})
DEFAULT_CAPS = Caps()


def namespace_of(identifier: str) -> str:
    return identifier.partition(":")[0]


def is_namespace(name: str) -> bool:
    """Whether a definition can name it. One that begins with `-`, `=` or a line end would be a formula, or a row of its own,
    to somebody who opens a CSV file."""
    return len(name) <= LONGEST_VALUE and _NAMESPACE.fullmatch(name) is not None


def is_anonymous(identifier: str) -> bool:
    """True for cookies and devices, which name a browser or a machine and not a person."""
    return namespace_of(identifier) in ANONYMOUS


def text_of(value: Json) -> str | None:
    """What a message states as an identifier, as text: 900 is "900", and so is 900.0, as whoever keeps whole numbers in a
    column with gaps writes it. None for what is neither text nor a whole number with all its digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < INEXACT:
        value = int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def spelled(namespace: str, value: str) -> str:
    """The value as it is compared everywhere, but for phone numbers, which need numbering plans."""
    return value.strip().lower() if namespace in LOWERED else value.strip()


def is_blocked(value: str) -> bool:
    """True for values that SDKs send in place of an identity (`null`, zeros, dashes, over-long texts)."""
    return not value.strip("0-") or value.lower() in BLOCKED or len(value) > LONGEST_VALUE


class Namespaces:
    """The namespaces in force: the defaults, with the rows that an `identity` definition replaces; and the hard caps.

    A namespace in neither is a custom one: priority 4, limit 5, `keep`. Among equal priorities the table's order decides,
    then the name, so that the strongest identifier of a message never depends on its field order."""

    def __init__(self, configured: Iterable[Namespace] = (), caps: Caps = DEFAULT_CAPS) -> None:
        self.caps = caps
        self._rows: dict[str, Namespace] = {row.name: row for row in DEFAULT_NAMESPACES}
        self._place = {row.name: place for place, row in enumerate(DEFAULT_NAMESPACES)}
        self._rows.update({row.name: row for row in configured})
        self._ranks: dict[str, tuple[int, int, str]] = {}
        self.blocked: Mapping[str, frozenset[str]] = {
            name: frozenset(value.lower() for value in row.blocked)
            for name, row in self._rows.items() if row.blocked
        }
        self.periods: Mapping[str, int] = {name: row.per for name, row in self._rows.items() if row.per is not None}
        """Of namespaces whose limit counts the attachments of so many ms only."""

    def row(self, name: str) -> Namespace:
        found = self._rows.get(name)
        if found is None:
            found = Namespace(name=name, priority=CUSTOM_PRIORITY, at_most=CUSTOM_LIMIT)
            if len(self._rows) < MOST_NAMESPACES:
                self._rows[name] = found
        return found

    def strength(self, identifier: str) -> tuple[int, int, str]:
        """Sort key: the strongest identifier first."""
        name = identifier.partition(":")[0]
        return self._ranks.get(name) or self._rank(name)

    def _rank(self, name: str) -> tuple[int, int, str]:
        rank = self.row(name).priority, self._place.get(name, 99), name
        if len(self._ranks) < MOST_NAMESPACES:
            self._ranks[name] = rank
        return rank

    def allows(self, name: str, value: str) -> bool:
        """False where the deployment's own definition blocks the value."""
        return value.lower() not in self.blocked.get(name, frozenset())
