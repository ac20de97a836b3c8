"""Meta's custom audiences of customers, over the Marketing API."""
from connectors.destinations.meta_custom_audiences.client import MetaConnector
from connectors.destinations.meta_custom_audiences.settings import MetaSettings, read_settings

__all__ = ["MetaConnector", "MetaSettings", "read_settings"]
