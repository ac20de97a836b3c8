"""Every connector by its name, and what makes a destination of it ready to run, for `audience deliver` and for checks of
definitions.

Each is imported when it is first asked for: whoever runs one destination need not install what the others need."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.delivery import Limits
    from connectors.delivery.offer import Offer
    from connectors.delivery.reading import Wrong
    from streams.core.definitions import Destination
    from streams.runtime.beside.destinations import Running

Variables = Mapping[str, str] | None


def ready(destination: Destination, variables: Variables) -> Running:
    """The destination, ready to run. Raises WrongDestination with every fault; if `variables` is None, what they would hold
    is not looked at."""
    from connectors.delivery.hashing import ALGORITHMS, Hashed
    from connectors.delivery.reading import SettingsReader, WrongDestination
    from streams.definitions.bodies import compiled
    from streams.runtime.beside.destinations import Running

    given, wrong = dict(destination.settings), list(_wrong_around(destination))
    connector = pace = None
    try:
        pace = limits(destination.id, destination.connector, given)
    except WrongDestination as fault:
        wrong += fault.wrong
    try:
        if destination.connector in CONNECTORS:
            reader = SettingsReader(destination.id, given, variables)
            connector = offer_of(destination.connector).make(reader, compiled)
    except WrongDestination as fault:
        wrong += fault.wrong
    if wrong or connector is None or pace is None:
        raise WrongDestination(destination.id, tuple(wrong))
    told = Hashed(connector, destination.hashing) if destination.hashing in ALGORITHMS else connector
    return Running(definition=destination, connector=told, limits=pace)


def _wrong_around(destination: Destination) -> Iterator[Wrong]:
    """What is wrong beside the settings. Nothing can be sent to the digest of an address."""
    from connectors.delivery.hashing import ALGORITHMS
    from connectors.delivery.reading import Wrong

    names = tuple(CONNECTORS)
    if destination.connector not in names:
        yield Wrong(steps=("connector",), expected=f"one of {', '.join(names)}", among=names)
    elif destination.hashing in ALGORITHMS and offer_of(destination.connector).needs_identifier:
        yield Wrong(steps=("hashing",), expected=f"none with the connector {destination.connector}, which needs the "
                                                 "identifier itself")


def limits(destination: str, connector: str, given: Mapping[str, Any]) -> Limits:
    """The pace that the settings of any connector may ask for."""
    from connectors.delivery import Limits
    from connectors.delivery.reading import SettingsReader

    reader = SettingsReader(destination, given)
    per_second = reader.number("per_second", 0, 0, 100_000)
    apart = reader.number("apart", offer_of(connector).apart if connector in CONNECTORS else 0, 0, 86_400)
    reader.finish_part()
    return Limits(per_second=per_second, burst=max(1, int(per_second)) if per_second else 1000, apart=int(apart * 1000))


def offer_of(connector: str) -> Offer:
    """What the package of a connector, one of CONNECTORS, offers."""
    found: Offer = import_module(f"connectors.destinations.{CONNECTORS[connector]}").OFFER
    return found


CONNECTORS: Mapping[str, str] = {
    "http": "http", "smtp": "smtp", "sms-http": "twilio", "file": "files", "ad-manager-ppid": "ppid", "uid2": "uid2",
    "meta-custom-audience": "meta_custom_audiences", "google-customer-match": "google_customer_match",
    "kevel": "kevel_userdb", "openrtb": "openrtb_users"}
"""Name in a definition -> package, whose OFFER makes them."""
