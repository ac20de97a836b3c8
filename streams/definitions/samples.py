"""Tries a campaign's templates on its sample profiles, while a marketer can still fix them.

Only the author knows which traits a person has when a message is due, so the samples are the author's; a campaign without
any is checked for its syntax and its filters alone."""
from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from jinja2 import nodes

from streams.core.campaigns.content import PARAMETERS, template_values
from streams.core.definitions import Channel
from streams.definitions.sandbox import FAULTS, Sandbox

_ENVIRONMENT = Sandbox(is_html=True)
TEMPLATES = frozenset({"subject", "html", "text"})


def failures(channel: Channel, samples: tuple[Mapping[str, Any], ...]) -> Iterator[tuple[str, int, str]]:
    """(field, number of the sample from 1, kind of fault) of each template that fails on a sample. A sample is
    `{traits, event: {name, properties}}`, each left out or an object."""
    for field, source in _templates(channel):
        template = _ENVIRONMENT.from_string(source)
        for number, sample in enumerate(samples, 1):
            try:
                _ENVIRONMENT.said(
                    template, template_values("sample", sample.get("traits", {}), sample.get("event", {})))
            except FAULTS as fault:
                yield field, number, type(fault).__name__


def subtracted(channel: Channel, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """(field, name) of each name with hyphens that a template reads as a subtraction: nobody would get the message."""
    for field, source in _templates(channel):
        for difference in _ENVIRONMENT.parse(source).find_all(nodes.Sub):
            if (name := _hyphened(difference)) in names:
                yield field, name


def _hyphened(expression: nodes.Node) -> str:
    """`a-b-c` as it was meant, without a filter that Jinja applies to `c` alone; empty if the expression is no name."""
    match expression:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Filter(node=nodes.Name() | nodes.Filter() as filtered):
            return _hyphened(filtered)
        case nodes.Sub(left=left, right=right) if (before := _hyphened(left)) and (after := _hyphened(right)):
            return f"{before}-{after}"
        case _:
            return ""


def _templates(channel: Channel) -> Iterator[tuple[str, str]]:
    for field, source in channel.content:
        if field in TEMPLATES:
            yield field, source
        elif field == PARAMETERS:
            yield from ((f"{PARAMETERS}.{name}", text) for name, text in source)
