"""Events from files: JSON Lines, CSV and Parquet as Segment messages. README.md tells the mapping language."""
from connectors.sources.files.mapping import Mapping
from connectors.sources.files.parse import load
from connectors.sources.files.read import read
from connectors.sources.files.row import Row

__all__ = ["Mapping", "Row", "load", "read"]
