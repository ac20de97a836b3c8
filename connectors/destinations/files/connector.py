"""From settings to a connector; a row is all fields of the activation, so that whoever reads the files can choose."""
from __future__ import annotations

from importlib.util import find_spec

import orjson

from connectors.delivery import Activation
from connectors.delivery.activation import as_json
from connectors.delivery.filing import FilingConnector, spool_of
from connectors.delivery.reading import SettingsReader
from connectors.destinations.files.formats import FORMATS


def make(reader: SettingsReader) -> FilingConnector:
    """WrongDestination with every fault."""
    name = reader.choice("format", tuple(FORMATS))
    if name == "parquet" and reader.delivers_here and find_spec("pyarrow") is None:
        reader.refuse("format", "jsonl or csv, or pyarrow to be installed: pip install 'audience-streams[files]'")
    return FilingConnector(spool_of(reader, name, FORMATS[name]), row_of)


def row_of(activation: Activation) -> bytes:
    return orjson.dumps(as_json(activation), option=orjson.OPT_SORT_KEYS)
