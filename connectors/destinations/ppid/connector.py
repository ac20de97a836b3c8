"""From settings to a connector."""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from connectors.delivery.filing import FilingConnector
from connectors.delivery.folder import Reading
from connectors.delivery.spool import Spool
from connectors.destinations.ppid.mapping import row_of, write


def make(destination: str, given: Mapping[str, Any], _variables: Mapping[str, str]) -> FilingConnector:
    """Misconfigured with every fault."""
    reading = Reading(destination, given, ("lists", "ppid"))
    is_hashed_by_us = reading.choice("ppid", ("sha256", "as-is")) == "sha256"
    lists = given.get("lists")
    known = lists if isinstance(lists, dict) else {}
    if not known or not all(str(number).isascii() and str(number).isdigit() for number in known.values()):
        reading.refuse("lists", "the number of an Ad Manager list by the name of each audience")
    settings = reading.result()
    row = partial(row_of, lists={name: str(number) for name, number in known.items()}, is_hashed_by_us=is_hashed_by_us)
    return FilingConnector(Spool(settings.folder, destination, "csv", write, settings.rolling), row)
