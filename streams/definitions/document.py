"""What every definition has, whatever its kind."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.definitions.scalars import ANY_TEXT, KEBAB_ID, TEXT
from streams.definitions.shapes import Shape

DOCUMENT_FIELDS: Mapping[str, Shape[Any]] = {
    "kind": TEXT, "id": KEBAB_ID, "name": ANY_TEXT, "description": ANY_TEXT, "owner": ANY_TEXT,
}
DOCUMENT_REQUIRED = ("kind", "id")
