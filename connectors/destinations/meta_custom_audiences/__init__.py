"""Meta's custom audiences of customers, over the Marketing API."""
from connectors.delivery.offer import Offer
from connectors.destinations.meta_custom_audiences.client import MetaConnector
from connectors.destinations.meta_custom_audiences.settings import read_settings

__all__ = ["OFFER", "MetaConnector", "read_settings"]

OFFER = Offer(make=lambda reader, _: MetaConnector(read_settings(reader)), apart=2)
