"""Fills in the templates of campaigns. HTML is escaped, everything else is taken as it is."""
from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template

from streams.core.errors import Rejected
from streams.definitions.sandbox import FAULTS, Sandbox

_TEXT, _HTML = Sandbox(), Sandbox(is_html=True)


@lru_cache(maxsize=1024)
def _template(sandbox: Sandbox, text: str) -> Template:
    return sandbox.from_string(text)


def render(field: str, text: str, values: Mapping[str, Any]) -> str:
    """The text with its values filled in. Raises Rejected where the template fails; the reason quotes no value."""
    if "{" not in text:
        return text
    sandbox = _HTML if field == "html" else _TEXT
    try:
        return sandbox.said(_template(sandbox, text), values)
    except FAULTS as fault:
        raise Rejected(f"{field} cannot be rendered: {type(fault).__name__}") from None
