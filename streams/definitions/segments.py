"""kind: segment."""
from __future__ import annotations

from streams.core.definitions import Segment
from streams.definitions.document import DOCUMENT_FIELDS, DOCUMENT_REQUIRED
from streams.definitions.nodes import RULE
from streams.definitions.shapes import Record

SEGMENT = Record(
    fields={**DOCUMENT_FIELDS, "rule": RULE},
    required=(*DOCUMENT_REQUIRED, "rule"),
    make=lambda given: Segment(id=given["id"], rule=given["rule"], name=given.get("name", "")),
)
