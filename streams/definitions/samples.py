"""Templates tried on sample profiles while a marketer can still mend them.

Which traits a person has when a message is due only the author knows, so the samples are the author's; a campaign
without any is checked for its syntax and its filters alone.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streams.core.campaigns.content import PARAMETERS
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
            traits = sample.get("traits", {})
            known = {**traits, "profile": {"id": "sample", "traits": traits}, "event": sample.get("event", {})}
            try:
                _ENVIRONMENT.said(template, known)
            except FAULTS as fault:
                yield field, number, type(fault).__name__


def _templates(channel: Channel) -> Iterator[tuple[str, str]]:
    for field, source in channel.content:
        if field in TEMPLATES:
            yield field, source
        elif field == PARAMETERS:
            yield from ((f"{PARAMETERS}.{name}", text) for name, text in source)
