"""Normalises the identifiers of a `members` list as messages' are, so that a listed e-mail is found.

No fault shows a listed value: it is personal data."""
from __future__ import annotations

from streams.core.identifiers import is_blocked, is_namespace, spelled
from streams.core.segments.rules import Members
from streams.core.values import Json
from streams.definitions.faults import dotted, shown
from streams.definitions.phones import phone_number
from streams.definitions.shapes import Found, Shape, many

_EXPECTED = "an identifier, namespace:value, such as email:jane@example.com"


class NoIdentifier(Exception):
    """What is wrong with a listed value, and what was expected; never the value."""

    def __init__(self, found: str, expected: str = _EXPECTED) -> None:
        super().__init__(found)
        self.found, self.expected = found, expected


def identifier_of(written: Json) -> str:
    """As the pipeline normalises it. Raises NoIdentifier."""
    namespace, colon, value = written.partition(":") if isinstance(written, str) else ("", "", "")
    namespace = namespace.strip().lower()
    value = spelled(namespace, value)
    if not colon or not value or not is_namespace(namespace) or "\x00" in value:
        raise NoIdentifier("is no identifier")
    if is_blocked(value):
        raise NoIdentifier("is a blocked value, which nobody ever has")
    return f"{namespace}:{_phone(value) if namespace == 'phone' else value}"


def normalised(written: str) -> str | None:
    """The identifier as messages that name it have it; None where no message could."""
    try:
        return identifier_of(written)
    except NoIdentifier:
        return None


def meant(text: str) -> str:
    """For looking somebody up: who asks for Jane@Example.com means jane@example.com. A text that is no identifier stays as
    it is."""
    return normalised(text) or text


def _phone(value: str) -> str:
    number = phone_number(value)
    if number is None:
        raise NoIdentifier("is no telephone number", "one with its country, such as phone:+31612345678")
    return number


def _member(found: Found) -> str:
    try:
        return identifier_of(found.value)
    except NoIdentifier as fault:
        found.refuse(f"{dotted(found.steps)} {fault.found}", fault.expected)


def _members(found: Found) -> Members:
    """A list; packed digests in the place of a long one, see `lists.attached`."""
    if isinstance(found.value, bytes):
        return Members(digests=found.value)
    if isinstance(found.value, dict) and "file" in found.value:
        for name in found.value.keys() - {"file"}:
            found.at(name).refuse(f"unknown field {shown(name)} in {dotted(found.steps)}", "file alone, or the list")
        found.refuse(f"{dotted(found.steps)} names a file", "the list: files are read with a folder only")
    if isinstance(found.value, dict) and "parts" in found.value:
        found.refuse(f"{dotted(found.steps)} names parts of a list that are not there", "the list, or {file: NAME}")
    return Members(identifiers=frozenset(_LIST.read(found)))


_LIST = many(Shape(_member, {"type": "string", "pattern": "^[^:]+:.+"}), least=0,
             expected="a list of identifiers, or {file: NAME}")
MEMBERS = Shape(_members, {"anyOf": [_LIST.schema, {
    "type": "object", "properties": {"file": {"type": "string", "minLength": 1}}, "required": ["file"],
    "additionalProperties": False,
}]})
