"""Google's Customer Match, over the Data Manager API."""
from connectors.delivery.offer import Offer
from connectors.destinations.google_customer_match.client import GoogleConnector
from connectors.destinations.google_customer_match.settings import read_settings

__all__ = ["OFFER", "GoogleConnector", "read_settings"]

OFFER = Offer(make=lambda reader, _: GoogleConnector(read_settings(reader)), apart=2)
