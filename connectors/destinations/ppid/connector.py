"""From settings to a connector."""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from connectors.delivery.filing import FilingConnector
from connectors.delivery.folder import spool_of
from connectors.delivery.reading import Reading, Variables
from connectors.destinations.ppid.mapping import row_of, write


def make(destination: str, given: Mapping[str, Any], variables: Variables) -> FilingConnector:
    """WrongDestination with every fault."""
    reading = Reading(destination, given, variables)
    is_hashed_by_us = reading.choice("ppid", ("sha256", "as-is")) == "sha256"
    lists = reading.numbered("lists", "an Ad Manager list")
    row = partial(row_of, lists=lists, is_hashed_by_us=is_hashed_by_us)
    return FilingConnector(spool_of(destination, reading, "csv", write), row)
