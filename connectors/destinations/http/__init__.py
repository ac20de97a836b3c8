"""A signed webhook: one POST an activation."""
from connectors.destinations.http.client import HttpConnector
from connectors.destinations.http.settings import HttpSettings, read_settings

__all__ = ["HttpConnector", "HttpSettings", "read_settings"]
