"""Kevel's UserDB: interests of the users its ad server decides for."""
from connectors.delivery.offer import Offer, plain
from connectors.destinations.kevel_userdb.client import KevelConnector
from connectors.destinations.kevel_userdb.settings import KevelSettings, read_settings

__all__ = ["OFFER", "KevelConnector", "KevelSettings", "read_settings"]

OFFER = Offer(make=plain(lambda *given: KevelConnector(read_settings(*given))))
