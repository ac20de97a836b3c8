"""Every connector by its name, and what runs a destination of it, for `audience deliver` and for whoever checks definitions.

Each is imported when it is first asked for: who runs one destination need not have installed what the others need.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.delivery import Connector, Limits
    from connectors.delivery.reading import Wrong
    from streams.core.definitions import Destination
    from streams.runtime.beside.destinations import Running

Variables = Mapping[str, str] | None


def ready(destination: Destination, variables: Variables) -> Running:
    """What runs it. Raises WrongDestination with every fault; without `variables`, none of what they would hold."""
    from connectors.delivery.reading import WrongDestination
    from streams.runtime.beside.destinations import Running

    given, wrong = dict(destination.settings), list(_wrong_around(destination))
    connector = pace = None
    try:
        pace = limits(destination.id, destination.connector, given)
    except WrongDestination as fault:
        wrong += fault.wrong
    try:
        if destination.connector in CONNECTORS:
            connector = CONNECTORS[destination.connector](destination.id, given, variables)
    except WrongDestination as fault:
        wrong += fault.wrong
    if wrong or connector is None or pace is None:
        raise WrongDestination(destination.id, tuple(wrong))
    return Running(definition=destination, connector=_telling_digests(destination, connector), limits=pace)


def _wrong_around(destination: Destination) -> Iterator[Wrong]:
    """What is wrong beside the settings. An address cannot be written to by its digest."""
    from connectors.delivery.hashing import ALGORITHMS
    from connectors.delivery.reading import Wrong

    names = tuple(CONNECTORS)
    if destination.connector not in names:
        yield Wrong(steps=("connector",), expected=f"one of {', '.join(names)}", among=names)
    if destination.hashing in ALGORITHMS and destination.connector in TO_ADDRESSES:
        yield Wrong(steps=("hashing",), expected=f"none with the connector {destination.connector}, which needs the "
                                                 "identifier itself")


def _telling_digests(destination: Destination, connector: Connector) -> Connector:
    """As `hashing` says."""
    from connectors.delivery.hashing import ALGORITHMS, Hashed

    return Hashed(connector, destination.hashing) if destination.hashing in ALGORITHMS else connector


def limits(destination: str, connector: str, given: Mapping[str, Any]) -> Limits:
    """The pace that the settings of any connector may ask for."""
    from connectors.delivery import Limits
    from connectors.delivery.reading import Reading

    reading = Reading(destination, given, tuple(given))
    per_second = reading.number("per_second", 0, 0, 100_000)
    apart = reading.number("apart", APART.get(connector, 0), 0, 86_400)
    reading.finish()
    return Limits(per_second=per_second, burst=max(1, int(per_second)) if per_second else 1000, apart=int(apart * 1000))


def _http(destination: str, given: Mapping[str, Any], variables: Variables) -> Connector:
    from connectors.destinations.http import HttpConnector, read_settings
    from streams.definitions.bodies import compiled

    return HttpConnector(read_settings(destination, given, variables, compiled))


def _smtp(destination: str, given: Mapping[str, Any], variables: Variables) -> Connector:
    from connectors.destinations.smtp import SmtpConnector, read_settings

    return SmtpConnector(read_settings(destination, given, variables))


def _sms(destination: str, given: Mapping[str, Any], variables: Variables) -> Connector:
    from connectors.destinations.twilio import TwilioConnector, read_settings

    return TwilioConnector(read_settings(destination, given, variables))


def _file(destination: str, given: Mapping[str, Any], variables: Variables) -> Connector:
    from connectors.destinations.files import make

    return make(destination, given, variables)


def _ppid(destination: str, given: Mapping[str, Any], variables: Variables) -> Connector:
    from connectors.destinations.ppid import make

    return make(destination, given, variables)


def _uid2(destination: str, given: Mapping[str, Any], variables: Variables) -> Connector:
    from connectors.destinations.uid2 import make

    return make(destination, given, variables)


def _meta(destination: str, given: Mapping[str, Any], variables: Variables) -> Connector:
    from connectors.destinations.meta_custom_audiences import MetaConnector, read_settings

    return MetaConnector(read_settings(destination, given, variables))


def _google(destination: str, given: Mapping[str, Any], variables: Variables) -> Connector:
    from connectors.destinations.google_customer_match import GoogleConnector, read_settings

    return GoogleConnector(read_settings(destination, given, variables))


def _kevel(destination: str, given: Mapping[str, Any], variables: Variables) -> Connector:
    from connectors.destinations.kevel_userdb import KevelConnector, read_settings

    return KevelConnector(read_settings(destination, given, variables))


CONNECTORS: Mapping[str, Callable[[str, Mapping[str, Any], Variables], Connector]] = {
    "http": _http, "smtp": _smtp, "sms-http": _sms, "file": _file, "ad-manager-ppid": _ppid, "uid2": _uid2,
    "meta-custom-audience": _meta, "google-customer-match": _google, "kevel": _kevel}
"""By the name in the definition."""
TO_ADDRESSES = ("smtp", "sms-http", "ad-manager-ppid", "uid2", "meta-custom-audience", "google-customer-match", "kevel")
"""Connectors that need the identifier itself, to write to it or to hash it by a rule of their own."""
APART: Mapping[str, float] = {"meta-custom-audience": 2, "google-customer-match": 2}
"""Seconds between two calls of destinations that count calls, unless their settings say otherwise."""
