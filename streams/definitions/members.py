"""The identifiers of a `members` list, normalised as messages' are, so that a listed e-mail is found.

No fault shows a listed value: it is personal data.
"""
from __future__ import annotations

import phonenumbers

from streams.core.identifiers import is_blocked
from streams.definitions.faults import dotted
from streams.definitions.shapes import Found, Shape, many

_EXPECTED = "an identifier, namespace:value, such as email:jane@example.com"


def _member(found: Found) -> str:
    namespace, colon, value = found.value.partition(":") if isinstance(found.value, str) else ("", "", "")
    namespace, value = namespace.strip().lower(), value.strip()
    if not colon or not namespace or not value:
        found.refuse(f"{dotted(found.steps)} is no identifier", _EXPECTED)
    if namespace in ("email", "device_ad_id"):
        value = value.lower()
    if is_blocked(value):
        found.refuse(f"{dotted(found.steps)} is a blocked value, which nobody ever has", _EXPECTED)
    return f"{namespace}:{_phone(found, value) if namespace == 'phone' else value}"


def _phone(found: Found, value: str) -> str:
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        found.refuse(f"{dotted(found.steps)} is no telephone number",
                     "one with its country, such as phone:+31612345678")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _members(found: Found) -> frozenset[str]:
    if isinstance(found.value, dict) and "file" in found.value:
        found.refuse(f"{dotted(found.steps)} names a file", "the list: files are read with a folder only")
    return frozenset(_LIST.read(found))


_LIST = many(Shape(_member, {"type": "string", "pattern": "^[^:]+:.+"}), least=0,
             expected="a list of identifiers, or {file: NAME}")
MEMBERS = Shape(_members, {"anyOf": [_LIST.schema, {
    "type": "object", "properties": {"file": {"type": "string", "minLength": 1}}, "required": ["file"],
    "additionalProperties": False,
}]})
