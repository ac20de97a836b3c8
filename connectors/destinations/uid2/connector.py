"""From settings to a connector."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.delivery.durable import write_json_lines
from connectors.delivery.filing import FilingConnector
from connectors.delivery.folder import spool_of
from connectors.delivery.reading import Reading, Variables
from connectors.destinations.uid2.mapping import row_of


def make(destination: str, given: Mapping[str, Any], variables: Variables) -> FilingConnector:
    """WrongDestination with every fault."""
    reading = Reading(destination, given, variables)
    return FilingConnector(spool_of(destination, reading, "jsonl", write_json_lines), row_of)
