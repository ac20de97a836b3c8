"""A look-up as the `user` object of an OpenRTB 2.6 bid request: what an exchange takes without mapping.

Fields after the specification: `Data` and `Segment` (3.2.21, 3.2.22), `EID` and `UID` (3.2.27, 3.2.28), `segtax` after
the IAB's "Segment Taxonomies" extension, `atype` after AdCOM's list "Agent Types" (1 web, 2 app, 3 person). Compared with
2.6.md, jsonschema/EID.json and UID.json of github.com/InteractiveAdvertisingBureau/openrtb2.x in November 2026. E-mail
addresses and phone numbers never become uids: a bid request goes to many, and those are the person in clear.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from streams.core.values import Json

IN_CLEAR = frozenset({"email", "phone"})
AGENT_TYPES = {"cookie": 1, "device_id": 2, "device_ad_id": 2}
"""1: a browser or device; 2: a device in apps; every other namespace is 3: a person across devices."""
PERSON = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who provides the data: `domain` names it and the sources of ids; `segtax` is the taxonomy of our segment ids."""

    domain: str
    segtax: int


def user(provider: Provider, found: Iterable[tuple[str, Iterable[str]]]) -> dict[str, Json]:
    """One user, with the union of the segments. `found`: (identifier, segments) of identifiers that the asker takes for one
    person's."""
    rows = list(found)
    segments = sorted({segment for _, mine in rows for segment in mine})
    data = {"id": provider.domain, "name": provider.domain, "segment": [{"id": each} for each in segments],
            "ext": {"segtax": provider.segtax}}
    return {"data": [data], "eids": _eids(provider, [identifier for identifier, _ in rows])}


def _eids(provider: Provider, identifiers: Iterable[str]) -> list[Json]:
    uids: dict[str, list[Json]] = {}
    for identifier in dict.fromkeys(identifiers):
        namespace, _, value = identifier.partition(":")
        if namespace not in IN_CLEAR:
            uids.setdefault(namespace, []).append({"id": value, "atype": AGENT_TYPES.get(namespace, PERSON)})
    return [{"source": f"{namespace.replace('_', '-')}.{provider.domain}", "uids": mine} for namespace, mine in uids.items()]
