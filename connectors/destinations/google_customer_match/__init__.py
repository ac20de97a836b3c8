"""Google's Customer Match, over the Data Manager API."""
from connectors.delivery.offer import Offer, plain
from connectors.destinations.google_customer_match.client import GoogleConnector
from connectors.destinations.google_customer_match.settings import GoogleSettings, read_settings

__all__ = ["OFFER", "GoogleConnector", "GoogleSettings", "read_settings"]

OFFER = Offer(make=plain(lambda *given: GoogleConnector(read_settings(*given))), apart=2)
