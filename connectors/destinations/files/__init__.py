"""Activations as files in a folder: JSON Lines, CSV or Parquet."""
from connectors.delivery.offer import Offer
from connectors.destinations.files.connector import make

__all__ = ["OFFER", "make"]

OFFER = Offer(make=lambda reader, _: make(reader), needs_identifier=False)
