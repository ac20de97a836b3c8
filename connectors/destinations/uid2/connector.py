"""From settings to a connector."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.delivery.durable import write_json_lines
from connectors.delivery.filing import FilingConnector
from connectors.delivery.folder import FolderReading
from connectors.delivery.reading import Variables
from connectors.delivery.spool import Spool
from connectors.destinations.uid2.mapping import row_of


def make(destination: str, given: Mapping[str, Any], variables: Variables) -> FilingConnector:
    """WrongDestination with every fault."""
    settings = FolderReading(destination, given, (), variables).result()
    return FilingConnector(Spool(settings.folder, destination, "jsonl", write_json_lines, settings.rolling), row_of)
