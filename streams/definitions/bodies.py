"""Templates for the bodies that destinations are sent. Connectors do not know the sandbox: who builds one hands it
`compiled`."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import StrictUndefined

from streams.core.errors import Rejected
from streams.definitions.sandbox import FAULTS, Sandbox

LONGEST_BODY = 10_000_000
"""Characters: all fields of the longest message, escaped."""
_SANDBOX = Sandbox(undefined=StrictUndefined, longest=LONGEST_BODY)


def compiled(text: str) -> Callable[[Mapping[str, Any]], bytes]:
    """Makes a function from the fields of an activation to a body. It raises Rejected, without any value, if the template
    fails or does not end. Raises TemplateSyntaxError."""
    template = _SANDBOX.from_string(text)

    def body(fields: Mapping[str, Any]) -> bytes:
        try:
            return _SANDBOX.said(template, fields).encode()
        except FAULTS as fault:
            raise Rejected(f"the body cannot be rendered: {type(fault).__name__}") from None

    return body
