"""Takes identifiers out of what others said or did: messages, rows and texts that name somebody who is erased.

Each is replaced by a pseudonym, a keyed hash, so that what is counted by value stays as it was. A value of fewer than
`DISTINCTIVE` characters is taken out where it stands as an identifier, and nowhere else: `customer_id:7` must not make
every 7 disappear. A longer one is taken out wherever it stands between word boundaries, in any case; a phone number
also as it is usually written, with spaces and dashes.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeAlias

Json: TypeAlias = Any
DISTINCTIVE = 6
_BEFORE, _AFTER = r"(?<![0-9A-Za-z.@_+-])", r"(?![0-9A-Za-z]|[.@_+-][0-9A-Za-z])"
LONGEST_PHONE = 40
NEVER = "(?!)"
_FIELDS = {"customer_id": ("userId", "previousId"), "cookie": ("anonymousId", "previousId")}
_DEVICE = {"device_id": "id", "device_ad_id": "advertisingId"}


class Redaction:
    """Of these identifiers, whose pseudonyms `pseudonym` gives."""

    def __init__(self, identifiers: Collection[str], pseudonym: Callable[[str], str]) -> None:
        self.identifiers = frozenset(identifiers)
        self._names: dict[str, str] = {}
        self._phones: dict[str, str] = {}
        for identifier in sorted(identifiers):
            namespace, _, value = identifier.partition(":")
            self._names[identifier.lower()] = f"{namespace}:{pseudonym(identifier)}"
            if len(value) >= DISTINCTIVE:
                self._names[value.lower()] = pseudonym(identifier)
            if namespace == "phone":
                self._phones[_digits(value)] = pseudonym(identifier)
        alternatives = "|".join(map(re.escape, sorted(self._names, key=len, reverse=True)))
        self._pattern = re.compile(f"{_BEFORE}(?:{alternatives or NEVER}){_AFTER}", re.IGNORECASE)
        whole = "|".join(map(re.escape, sorted(identifiers, key=len, reverse=True)))
        self._identifiers = re.compile(f"{_BEFORE}(?:{whole or NEVER}){_AFTER}")
        names = b"|".join(re.escape(name.encode()) for name in self._names)
        self._bytes = re.compile(names or NEVER.encode(), re.IGNORECASE)

    def may_be_in(self, row: bytes) -> bool:
        """False where it is sure that none of them is in the row; an escape in a JSON text may hide one."""
        return b"\\" in row or self._bytes.search(row) is not None

    def value(self, value: Json) -> Json:
        """What somebody said, without them: plain values, nested at will."""
        if isinstance(value, int) and not isinstance(value, bool):
            return self._names.get(str(value), value)
        return _through(value, self._text, self.value)

    def key(self, value: Json) -> Json:
        """Rows of ours, where others' identifiers stand that may have the same value: only what names them as
        `namespace:value` is taken out."""
        return _through(value, lambda text: self._identifiers.sub(self._pseudonym, text), self.key)

    def message(self, message: dict[str, Json]) -> dict[str, Json]:
        """A Segment message without them, also where a short value names somebody. Changes the one that is given."""
        for holder, field, value in list(_named(message, self.identifiers)):
            said = str(holder.get(field)).strip()
            if said.lower() == value.lower() or (field == "phone" and _digits(said) == _digits(value)):
                del holder[field]
        cleaned: dict[str, Json] = self.value(message)
        return cleaned

    def _text(self, text: str) -> str:
        if self._phones and len(text) < LONGEST_PHONE and (found := self._phones.get(_digits(text))):
            return found
        return self._pattern.sub(self._pseudonym, text)

    def _pseudonym(self, match: re.Match[str]) -> str:
        return self._names[match[0].lower()]


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
