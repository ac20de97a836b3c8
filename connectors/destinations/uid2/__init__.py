"""Audiences as files of UID2 hashes."""
from connectors.delivery.offer import Offer, plain
from connectors.destinations.uid2.connector import make

__all__ = ["OFFER", "make"]

OFFER = Offer(make=plain(make))
