"""Google Ad Manager audience lists of publisher provided identifiers, as files for its batch upload."""
from connectors.delivery.offer import Offer
from connectors.destinations.ppid.connector import make

__all__ = ["OFFER", "make"]

OFFER = Offer(make=lambda reader, _: make(reader))
