"""Activations as files in a folder: JSON Lines, CSV or Parquet."""
from connectors.destinations.files.connector import make

__all__ = ["make"]
