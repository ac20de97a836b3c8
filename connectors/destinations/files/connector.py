"""From settings to a connector; a row is all fields of the activation, so that whoever reads the files can choose."""
from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import orjson

from connectors.delivery import Activation
from connectors.delivery.activation import as_json
from connectors.delivery.filing import FilingConnector
from connectors.delivery.folder import spool_of
from connectors.delivery.reading import Reading, Variables
from connectors.destinations.files.formats import FORMATS


def make(destination: str, given: Mapping[str, Any], variables: Variables) -> FilingConnector:
    """WrongDestination with every fault."""
    reading = Reading(destination, given, variables)
    name = reading.choice("format", tuple(FORMATS))
    is_delivered_here = variables is not None
    if name == "parquet" and is_delivered_here and find_spec("pyarrow") is None:
        reading.refuse("format", "jsonl or csv, or pyarrow to be installed: pip install 'audience-streams[files]'")
    return FilingConnector(spool_of(destination, reading, name, FORMATS[name]), row_of)


def row_of(activation: Activation) -> bytes:
    return orjson.dumps(as_json(activation), option=orjson.OPT_SORT_KEYS)
