"""The settings of an `http` destination. All faults at once; a secret is looked up by its variable's name."""
from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from jinja2 import Template, TemplateSyntaxError

from connectors.destinations.http.mapping import TEMPLATES
from streams.core.errors import Misconfigured

Json: TypeAlias = Any
KNOWN = ("url", "secret", "body", "content_type", "headers", "timeout", "concurrency")
PREFIX = "whsec_"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """`key` signs, if there is one. `body` is a Jinja template over the activation's fields; None: all of them as
    JSON. `timeout` in seconds, over the whole exchange."""

    url: str
    key: bytes | None = None
    body: Template | None = None
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float = 10
    concurrency: int = 20


def read_settings(destination: str, given: Mapping[str, Json], variables: Mapping[str, str]) -> HttpSettings:
    """Misconfigured with every fault; none shows a secret."""
    found = _Reading(destination, given, variables)
    settings = HttpSettings(
        url=found.url(), key=found.key(), body=found.body(), headers=found.headers(),
        content_type=str(given.get("content_type", "application/json")),
        timeout=found.number("timeout", 10, 0.01, 300), concurrency=int(found.number("concurrency", 20, 1, 500)))
    found.unknown()
    if found.faults:
        raise Misconfigured(tuple(found.faults))
    return settings


class _Reading:
    def __init__(self, destination: str, given: Mapping[str, Json], variables: Mapping[str, str]) -> None:
        self._destination = destination
        self._given = given
        self._variables = variables
        self.faults: list[str] = []

    def refuse(self, name: str, expected: str) -> None:
        self.faults.append(f"destination {self._destination}: settings.{name}: expected {expected}")

    def url(self) -> str:
        url = self.text("url", self._given.get("url"))
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            self.refuse("url", "an http or https address")
        return url

    def text(self, name: str, value: Json) -> str:
        """A text as written, or the one in the variable that is named."""
        if isinstance(value, dict) and isinstance(value.get("env"), str):
            if not self._variables.get(value["env"]):
                self.refuse(name, f"a value in the variable {value['env']}, which is not set")
            return self._variables.get(value["env"], "")
        if value is not None and not isinstance(value, str):
            self.refuse(name, "a text or {env: NAME}")
        return value if isinstance(value, str) else ""

    def key(self) -> bytes | None:
        """As the Standard Webhooks write it: `whsec_` and Base64; any other text stands for its bytes."""
        if "secret" not in self._given:
            return None
        text = self.text("secret", self._given["secret"])
        if not text.startswith(PREFIX):
            return text.encode()
        try:
            return base64.b64decode(text.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            self.refuse("secret", "Base64 after whsec_")
            return None

    def body(self) -> Template | None:
        if "body" not in self._given:
            return None
        try:
            return TEMPLATES.from_string(self.text("body", self._given["body"]))
        except TemplateSyntaxError as error:
            self.refuse("body", f"a valid Jinja template ({error.message}, line {error.lineno})")
            return None

    def headers(self) -> tuple[tuple[str, str], ...]:
        given = self._given.get("headers", {})
        if not isinstance(given, dict):
            self.refuse("headers", "an object of texts")
            return ()
        return tuple((name, self.text(f"headers.{name}", value)) for name, value in sorted(given.items()))

    def number(self, name: str, default: float, least: float, most: float) -> float:
        value = self._given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self.refuse(name, f"a number from {least:g} to {most:g}")
            return default
        return value

    def unknown(self) -> None:
        for name in sorted(self._given.keys() - set(KNOWN)):
            self.refuse(name, f"one of {', '.join(KNOWN)}")
