"""The channels of a campaign, and what a variant may change of each.

Templates are checked for their syntax here, while a marketer can fix them, and not when a message is due."""
from __future__ import annotations

from collections.abc import Callable, Mapping

import jinja2

from streams.core.campaigns.advertising import ADVERTISING
from streams.core.definitions import Channel
from streams.definitions.faults import dotted
from streams.definitions.sandbox import Sandbox
from streams.definitions.scalars import KEBAB_ID, NAMESPACE, TEXT
from streams.definitions.shapes import Choice, Found, Given, Schema, Shape, many, record

_SANDBOX = Sandbox(is_html=True)
_JINJA_EXPECTED = "valid Jinja, such as {{ first_name | default('there') }}"


def _template(found: Found) -> str:
    source = TEXT.read(found)
    try:
        _SANDBOX.compile(source)
    except jinja2.TemplateSyntaxError as error:
        found.refuse(f"{dotted(found.steps)} is no Jinja template ({error.message})", _JINJA_EXPECTED,
                     lines_below=error.lineno - 1)
    except (RecursionError, SyntaxError):
        found.refuse(f"{dotted(found.steps)} is nested too deeply", _JINJA_EXPECTED)
    return source


def _parameters(found: Found) -> tuple[tuple[str, str], ...]:
    if not isinstance(found.value, dict) or not found.value:
        found.unlike("an object of templates, by the name of the parameter")
    return tuple(sorted((name, _template(found.at(name))) for name in found.value))


def _template_file(found: Found) -> str:
    found.refuse(f"{dotted(found.steps)} names a file", "its text: files are read with a folder only")


def _check_channel(given: Given, found: Found) -> None:
    for place in range(len(given.get("destinations", ()))):
        found.at("destinations").at(place).needs("destination")


def _check_display(given: Given, found: Found) -> None:
    """An address given for letters is told to ad platforms only by those who permit that, and to those that are named:
    a channel without destinations means all of them, webhooks too."""
    _check_channel(given, found)
    if not ADDRESSES & frozenset(given.get("identifiers", ())):
        return
    if "destinations" not in given:
        found.note(f"{dotted(found.steps)} tells e-mail addresses or phone numbers to every destination of the channel",
                   "destinations, those that may be told")
    if given["purpose"] != ADVERTISING:
        found.at("purpose").refuse(f"{dotted(found.steps)} tells e-mail addresses or phone numbers for {given['purpose']}",
                                   f"the purpose {ADVERTISING}")


def _channel(name: str) -> Callable[[Given], Channel]:
    def make(given: Given) -> Channel:
        content = sorted((field, value) for field, value in given.items() if field != "purpose")
        return Channel(name=name, purpose=given["purpose"], content=tuple(content))

    return make


def _check_channels(given: Given, found: Found) -> None:
    if not given:
        found.refuse(f"{dotted(found.steps)} is empty", f"at least one of {', '.join(CHANNELS)}")


def _channels(given: Given) -> tuple[Channel, ...]:
    return tuple(given[name] for name in CHANNELS if name in given)


_TEXT_SCHEMA: Schema = {"type": "string", "minLength": 1}
TEMPLATE = Shape(_template, _TEXT_SCHEMA)
PARAMETERS = Shape(_parameters, {"type": "object", "additionalProperties": _TEXT_SCHEMA, "minProperties": 1})
TEMPLATE_FILE = Shape(_template_file, _TEXT_SCHEMA)
DESTINATIONS = many(KEBAB_ID, least=1, expected="a list of destination ids")
IDENTIFIERS = many(NAMESPACE, least=1, expected="a list of namespaces, such as email and phone")
ADDRESSES = frozenset({"email", "phone"})

CHANNELS: Mapping[str, Shape[Channel]] = {
    "display": record(
        {"audience": TEXT, "destinations": DESTINATIONS, "identifiers": IDENTIFIERS, "purpose": TEXT,
                "parameters": PARAMETERS},
        required=("audience", "purpose"), check=_check_display, make=_channel("display"),
    ),
    "email": record(
        {"subject": TEMPLATE, "template": TEMPLATE_FILE, "html": TEMPLATE, "text": TEMPLATE,
                "destinations": DESTINATIONS, "purpose": TEXT},
        required=("subject", "purpose"),
        choices=(Choice((("template", "html", "text"),), is_required=True), Choice.of("template", "html")),
        check=_check_channel, make=_channel("email"),
    ),
    "sms": record(
        {"text": TEMPLATE, "template": TEMPLATE_FILE, "destinations": DESTINATIONS, "purpose": TEXT},
        required=("purpose",), choices=(Choice.of("text", "template", is_required=True),),
        check=_check_channel, make=_channel("sms"),
    ),
}

OF_A_CAMPAIGN = record(CHANNELS, check=_check_channels, make=_channels)
OF_A_VARIANT = record({
    "display": record({"audience": TEXT, "parameters": PARAMETERS}, make=dict),
    "email": record({"subject": TEMPLATE, "html": TEMPLATE, "text": TEMPLATE}, make=dict),
    "sms": record({"text": TEMPLATE}, make=dict),
}, make=dict)
