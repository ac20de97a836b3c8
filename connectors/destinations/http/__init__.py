"""A signed webhook: one POST an activation."""
from connectors.delivery.offer import Offer
from connectors.destinations.http.client import HttpConnector
from connectors.destinations.http.settings import read_settings

__all__ = ["OFFER", "HttpConnector", "read_settings"]

OFFER = Offer(make=lambda reader, compiled: HttpConnector(read_settings(reader, compiled)), needs_identifier=False)
