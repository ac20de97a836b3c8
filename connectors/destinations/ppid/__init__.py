"""Google Ad Manager audience lists of publisher provided identifiers, as files for its batch upload."""
from connectors.delivery.offer import Offer, plain
from connectors.destinations.ppid.connector import make

__all__ = ["OFFER", "make"]

OFFER = Offer(make=plain(make))
