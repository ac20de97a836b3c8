"""What the package of every destination offers as `OFFER`: how a connector is made of a definition's settings."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from connectors.delivery.contract import Connector
from connectors.delivery.reading import SettingsReader
from streams.core.values import Json

Body: TypeAlias = Callable[[Mapping[str, Json]], bytes]
"""A template over the activation's fields. Raises Rejected."""
Compile: TypeAlias = Callable[[str], Body]
"""Bounded in steps and length: a body that has no end would hold up every other. Raises TemplateSyntaxError."""
Make: TypeAlias = Callable[[SettingsReader, Compile], Connector]
"""Makes a connector from the settings, and with what compiles a template among them. Raises WrongDestination with every
fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """needs_identifier: to write to it, or to hash it by a rule of its own, so that no `hashing` can stand before it.
    apart: seconds between two calls unless the settings say otherwise, for destinations that count calls."""

    make: Make
    needs_identifier: bool = True
    apart: float = 0
