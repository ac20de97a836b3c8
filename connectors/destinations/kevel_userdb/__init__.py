"""Kevel's UserDB: interests of the users its ad server decides for."""
from connectors.delivery.offer import Offer
from connectors.destinations.kevel_userdb.client import KevelConnector
from connectors.destinations.kevel_userdb.settings import read_settings

__all__ = ["OFFER", "KevelConnector", "read_settings"]

OFFER = Offer(make=lambda reader, _: KevelConnector(read_settings(reader)))
