"""Activations as files in a folder: JSON Lines, CSV or Parquet."""
from connectors.delivery.offer import Offer, plain
from connectors.destinations.files.connector import make

__all__ = ["OFFER", "make"]

OFFER = Offer(make=plain(make), needs_identifier=False)
