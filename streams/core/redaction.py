"""Takes the identifiers of erased people out of messages, rows and texts.

In a text each is replaced by a pseudonym, a keyed hash, so that counts by value stay as they were. `namespace:value` is
replaced wherever it stands between word boundaries, in any case. The value alone is replaced only if it can mean nobody
else: e-mails, phone numbers (also as written with spaces and dashes), and other values of `LONG` characters with a digit,
because `customer_id:screen` must not make every screen disappear. Numbers stay.

The cost of a text grows with the number of identifiers: give one object a hundred at most."""
from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import cached_property

from streams.core.identifiers import text_of
from streams.core.values import Json

PEOPLE = frozenset({"email", "phone"})
SHORT, LONG = 6, 12
"""The fewest characters that name somebody by themselves: of an e-mail or phone, of anything else."""
_BEFORE, _AFTER = r"(?<![0-9A-Za-z.@_+-])", r"(?![0-9A-Za-z]|[.@_+-][0-9A-Za-z])"
_SEPARATORS = " \u00a0().-/"
_BETWEEN = f"[{re.escape(_SEPARATORS)}]{{0,3}}"
_CLOSE_UP = str.maketrans("", "", _SEPARATORS)
_CLOSE_UP_BYTES = _SEPARATORS.encode()
_FREE = ("properties", "traits", "context")
_FIELDS = {"customer_id": ("userId", "previousId"), "cookie": ("anonymousId", "previousId")}
_DEVICE = {"device_id": "id", "device_ad_id": "advertisingId"}


class Redaction:
    """Looks for these identifiers; `pseudonym` gives the name that takes the place of each."""

    def __init__(self, identifiers: Collection[str], pseudonym: Callable[[str], str]) -> None:
        self.identifiers = frozenset(identifiers)
        self._pseudonym = pseudonym
        self._sorted = sorted(identifiers, key=lambda each: (-len(each), each))
        values = [(namespace, value) for namespace, _, value in (each.partition(":") for each in self._sorted)]
        self._needles = [each.lower() for each in self._sorted]
        self._needles += [value.lower() for namespace, value in values if names_somebody(namespace, value)]
        self._numbers = [_digits(value) for namespace, value in values if namespace == "phone"]
        self._bytes = [needle.encode() for needle in self._needles]
        self._byte_numbers = [number.encode() for number in self._numbers]
        self._is_plain = all(map(str.isascii, self._needles))

    def without(self, identifiers: Collection[str]) -> Redaction:
        """One that looks for the others only."""
        left = self.identifiers.difference(identifiers)
        return self if len(left) == len(self.identifiers) else Redaction(left, self._pseudonym)

    def may_be_in(self, row: bytes) -> bool:
        """False if none of them can be in the row. An escape in a JSON text may hide one."""
        if b"\\" in row:
            return True
        if not self._is_plain:
            return self._may_be(row.decode(errors="replace"))
        lowered = row.lower()
        if any(needle in lowered for needle in self._bytes):
            return True
        closed = row.translate(None, _CLOSE_UP_BYTES) if self._numbers else b""
        return any(number in closed for number in self._byte_numbers)

    def value(self, value: Json) -> Json:
        """A plain value, however nested, with pseudonyms in their place."""
        return _through(value, self._text, self.value)

    def key(self, value: Json) -> Json:
        """The same for rows of ours. Other people's identifiers there may have the same value, so only `namespace:value` is
        replaced."""
        return _through(value, self._name, self.key)

    def message(self, message: dict[str, Json]) -> dict[str, Json]:
        """A Segment message without them: no field names them, no property, trait or context mentions them. What makes it a
        message (type, event, name, times, numbers) stays. Changes the one that is given."""
        for holder, field, value in list(_named(message, self.identifiers)):
            said = (text_of(holder.get(field)) or "").strip()
            if said.lower() == value.lower() or (field == "phone" and _digits(said) == _digits(value)):
                del holder[field]
        return message | {field: self.value(message[field]) for field in _FREE if field in message}

    def _may_be(self, text: str) -> bool:
        lowered = text.lower()
        if any(needle in lowered for needle in self._needles):
            return True
        closed = text.translate(_CLOSE_UP) if self._numbers else ""
        return any(number in closed for number in self._numbers)

    def _text(self, text: str) -> str:
        return self._anywhere.sub(self._named, text) if self._may_be(text) else text

    def _name(self, text: str) -> str:
        return self._written.sub(self._named, text) if self._may_be(text) else text

    def _named(self, match: re.Match[str]) -> str:
        """The pseudonym. By the group that matched: case is folded by other rules there than here."""
        found = self._sorted[(match.lastindex or 1) - 1]
        name, namespace = self._pseudonym(found), found.partition(":")[0]
        return f"{namespace}:{name}" if match[0][:len(namespace) + 1].lower() == f"{namespace}:" else name

    @cached_property
    def _anywhere(self) -> re.Pattern[str]:
        return re.compile("|".join(f"({'|'.join(_forms(each))})" for each in self._sorted), re.IGNORECASE)

    @cached_property
    def _written(self) -> re.Pattern[str]:
        return re.compile("|".join(f"({_BEFORE}{re.escape(each)}{_AFTER})" for each in self._sorted))


def names_somebody(namespace: str, value: str) -> bool:
    """Whether the value alone, in any text, tells who it is."""
    if namespace in PEOPLE:
        return len(value) >= SHORT
    return len(value) >= LONG and any(map(str.isdigit, value))


def _forms(identifier: str) -> Iterator[str]:
    """Patterns for how it may be written in a text."""
    namespace, _, value = identifier.partition(":")
    yield f"{_BEFORE}{re.escape(identifier)}{_AFTER}"
    if names_somebody(namespace, value):
        yield from (f"{_BEFORE}{re.escape(form)}{_AFTER}" for form in sorted({value, value.lower()}))
    if namespace == "phone" and (digits := _digits(value)):
        yield rf"(?<![0-9A-Za-z])(?:\+|00)?{_BETWEEN}{_BETWEEN.join(digits)}(?![0-9A-Za-z])"


def _through(value: Json, text: Callable[[str], str], each: Callable[[Json], Json]) -> Json:
    match value:
        case str():
            return text(value)
        case dict():
            return {each(key): each(inner) for key, inner in value.items()}
        case list() | tuple() | set():
            return type(value)(map(each, value))
        case _:
            return value


def _named(message: dict[str, Json], identifiers: Collection[str]) -> Iterator[tuple[dict[str, Json], str, str]]:
    """Where an identifier would stand, and its value."""
    context = message.get("context")
    context = context if isinstance(context, dict) else {}
    external = context.get("externalIds")
    for namespace, _, value in (identifier.partition(":") for identifier in identifiers):
        for field in _FIELDS.get(namespace, ()):
            yield message, field, value
        if namespace in _DEVICE and isinstance(context.get("device"), dict):
            yield context["device"], _DEVICE[namespace], value
        for holder in (message.get("traits"), message.get("properties"), context.get("traits")):
            if namespace in ("email", "phone") and isinstance(holder, dict):
                yield holder, namespace, value
        for entry in external if isinstance(external, list) else ():
            if isinstance(entry, dict) and str(entry.get("type")).strip().lower() == namespace:
                yield entry, "id", value


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdigit())
