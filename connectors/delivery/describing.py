"""The JSON Schema of a destination's settings, from its own reader: nothing of a setting is written twice."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from connectors.delivery.forms import Asking, Schema
from connectors.delivery.reading import WrongDestination


def settings_schema(*readers: Callable[[Mapping[str, Any]], object]) -> Schema:
    """Of all that these readers ask for; what one misses of no settings at all is required."""
    asking, required = Asking(), set[str]()
    for read in readers:
        with suppress(WrongDestination):
            read(asking)
        try:
            read({})
        except WrongDestination as fault:
            required |= {wrong.steps[1] for wrong in fault.wrong}
    return {"type": "object", "properties": asking.forms, "required": sorted(required), "additionalProperties": False}
