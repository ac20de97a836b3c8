"""The settings of an `http` destination. All faults at once; a secret is looked up by its variable's name."""
from __future__ import annotations

from dataclasses import dataclass

from jinja2 import TemplateSyntaxError

from connectors.delivery.offer import Body, Compile
from connectors.delivery.reading import FRAMING, SettingsReader

OURS = FRAMING | {"webhook-id", "webhook-signature", "webhook-timestamp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """`key` signs, if there is one. `body`: None tells all fields of the activation as JSON.
    `timeout` in seconds, over the whole exchange."""

    url: str
    key: bytes | None
    body: Body | None
    content_type: str
    headers: tuple[tuple[str, str], ...]
    timeout: float
    concurrency: int


def read_settings(reader: SettingsReader, compiled: Compile) -> HttpSettings:
    """WrongDestination with every fault; none shows a secret. `compiled` makes a body of its Jinja template."""
    settings = HttpSettings(
        url=reader.address("url"), key=reader.signing_key("secret") if reader.has("secret") else None,
        body=_body(reader, compiled) if reader.has("body") else None,
        content_type=reader.text("content_type", "application/json"),
        headers=tuple(reader.headers("headers", OURS).items()), timeout=reader.number("timeout", 10, 0.01, 300),
        concurrency=int(reader.number("concurrency", 20, 1, 500)))
    if not settings.content_type.isprintable():
        reader.refuse("content_type", "a media type, such as application/json")
    reader.finish()
    return settings


def _body(reader: SettingsReader, compiled: Compile) -> Body | None:
    try:
        return compiled(reader.text("body", expected="a text or {env: NAME}", is_long=True))
    except TemplateSyntaxError as error:
        reader.refuse("body", f"a valid Jinja template ({error.message}, line {error.lineno})")
        return None
