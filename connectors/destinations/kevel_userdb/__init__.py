"""Kevel's UserDB: interests of the users its ad server decides for."""
from connectors.destinations.kevel_userdb.client import KevelConnector
from connectors.destinations.kevel_userdb.settings import KevelSettings, read_settings

__all__ = ["KevelConnector", "KevelSettings", "read_settings"]
