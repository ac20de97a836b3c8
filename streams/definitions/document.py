"""The fields that every definition has, whatever its kind."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from streams.definitions.scalars import ANY_TEXT, KEBAB_ID, TEXT
from streams.definitions.shapes import Choice, Found, Given, Shape, record

T = TypeVar("T")
DOCUMENT_FIELDS: Mapping[str, Shape[Any]] = {
    "kind": TEXT, "id": KEBAB_ID, "name": ANY_TEXT, "description": ANY_TEXT, "owner": ANY_TEXT,
}


def document(
    fields: Mapping[str, Shape[Any]], make: Callable[[Given], T], *, required: tuple[str, ...] = (),
    choices: tuple[Choice, ...] = (), check: Callable[[Given, Found], None] | None = None,
) -> Shape[T]:
    """A `record` with these fields beside those of every document."""
    return record({**DOCUMENT_FIELDS, **fields}, make, required=("kind", "id", *required), choices=choices, check=check)
