"""From settings to a connector."""
from __future__ import annotations

from functools import partial

from connectors.delivery.filing import FilingConnector, spool_of
from connectors.delivery.reading import SettingsReader
from connectors.destinations.ppid.mapping import row_of, write


def make(reader: SettingsReader) -> FilingConnector:
    """WrongDestination with every fault."""
    is_hashed_by_us = reader.choice("ppid", ("sha256", "as-is")) == "sha256"
    row = partial(row_of, lists=reader.numbered("lists", "an Ad Manager list"), is_hashed_by_us=is_hashed_by_us)
    return FilingConnector(spool_of(reader, "csv", write), row)
