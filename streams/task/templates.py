"""Templates of campaigns: Jinja2 in its sandbox. HTML is escaped, everything else is taken as it is."""
from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import ChainableUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from streams.core.errors import Rejected

_TEXT = ImmutableSandboxedEnvironment(undefined=ChainableUndefined, autoescape=False)
_HTML = ImmutableSandboxedEnvironment(undefined=ChainableUndefined, autoescape=True)


@lru_cache(maxsize=1024)
def _template(is_html: bool, text: str) -> Template:
    return (_HTML if is_html else _TEXT).from_string(text)


def render(field: str, text: str, values: Mapping[str, Any]) -> str:
    """The text with its values filled in. Raises Rejected where the template fails; the reason quotes no value."""
    if "{" not in text:
        return text
    try:
        return _template(field == "html", text).render(values)
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as fault:
        raise Rejected(f"{field} cannot be rendered: {type(fault).__name__}") from None
