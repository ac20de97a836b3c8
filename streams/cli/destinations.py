"""Finds what is wrong with a destination's settings, by the connectors' own readers, with which `audience deliver` starts;
and reports it like any other fault of a definition."""
from __future__ import annotations

from collections.abc import Mapping, Set
from functools import partial
from typing import TYPE_CHECKING, Any

from streams.core.values import Json
from streams.definitions.faults import Fault, Steps, dotted, nearest, shown
from streams.definitions.shapes import Schema

if TYPE_CHECKING:
    from connectors.delivery.offer import Offer
    from connectors.delivery.reading import Wrong


def faults_of(document: dict[str, Json], noted: Set[Steps] = frozenset()) -> list[Fault]:
    """What is wrong with the settings of a `kind: destination`, except for values that are `noted` already. Whether a
    variable is set here does not matter: secrets stand where `audience deliver` runs."""
    from connectors.delivery.reading import WrongDestination
    from streams.cli.connectors import ready
    from streams.core.definitions import Destination

    connector, settings, hashing = document.get("connector"), document.get("settings", {}), document.get("hashing")
    if not isinstance(connector, str) or not isinstance(settings, dict):
        return []
    try:
        ready(Destination(
            id=str(document["id"]), channel="", connector=connector, settings=tuple(sorted(settings.items())),
            hashing=hashing if isinstance(hashing, str) else None), None)
    except WrongDestination as fault:
        return _told(document, fault.wrong, noted)
    return []


def schemas() -> dict[str, Schema]:
    """By connector, what the JSON Schema of a `kind: destination` says in addition."""
    from connectors.delivery.forms import ENVIRONMENT
    from connectors.delivery.reading import settings_schema
    from streams.cli.connectors import CONNECTORS, limits, offer_of
    from streams.definitions.destinations import is_secret

    found: dict[str, Schema] = {}
    for name in CONNECTORS:
        offer = offer_of(name)
        settings = settings_schema(partial(_read, offer, name), partial(limits, name, name))
        settings["properties"] |= {each: ENVIRONMENT for each in settings["properties"] if is_secret(each)}
        hashing = {"hashing": {"const": "none"}} if offer.needs_identifier else {}
        found[name] = {"properties": {"settings": settings} | hashing, "required": ["settings"]}
    return found


def _read(offer: Offer, name: str, given: Mapping[str, Json]) -> None:
    from connectors.delivery.reading import SettingsReader
    from streams.definitions.bodies import compiled

    offer.make(SettingsReader(name, given), compiled)


def _told(document: dict[str, Json], wrong: tuple[Wrong, ...], noted: Set[Steps]) -> list[Fault]:
    """A setting that stands there with a typo is not reported as missing too."""
    unknown = [_unknown(document, each) for each in wrong if each.is_unknown]
    typos = {fault.meant for fault in unknown}
    missing = [_missing(each) for each in wrong if _is_missing(document, each) and each.steps[-1] not in typos]
    values = [_value(document, each) for each in wrong
              if not each.is_unknown and not _is_missing(document, each) and each.steps not in noted]
    return [*missing, *values, *unknown]


def _unknown(document: dict[str, Json], wrong: Wrong) -> Fault:
    name, given = wrong.steps[-1], _at(document, wrong.steps[:-1])
    others = [each for each in wrong.among if each not in given]
    return Fault(steps=wrong.steps, found=f"unknown setting {shown(name)}", expected=wrong.expected,
                 meant=nearest(name, others))


def _missing(wrong: Wrong) -> Fault:
    around = wrong.steps[:-1]
    return Fault(steps=around, found=f"{dotted(around)} has no {wrong.steps[-1]}", expected=wrong.expected)


def _value(document: dict[str, Json], wrong: Wrong) -> Fault:
    value = _at(document, wrong.steps)
    found = "a secret in clear text" if wrong.is_secret and isinstance(value, str) else shown(value)
    return Fault(steps=wrong.steps, found=f"{dotted(wrong.steps)} is {found}", expected=wrong.expected,
                 meant=nearest(value, wrong.among))


def _is_missing(document: dict[str, Json], wrong: Wrong) -> bool:
    return wrong.steps[-1] not in _at(document, wrong.steps[:-1])


def _at(document: dict[str, Json], steps: tuple[str, ...]) -> Any:
    """The part at `steps`; an empty object where there is none."""
    found: Any = document
    for step in steps:
        found = found.get(step, {})
    return found
