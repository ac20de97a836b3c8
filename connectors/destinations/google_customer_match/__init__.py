"""Google's Customer Match, over the Data Manager API."""
from connectors.destinations.google_customer_match.client import GoogleConnector
from connectors.destinations.google_customer_match.settings import GoogleSettings, read_settings

__all__ = ["GoogleConnector", "GoogleSettings", "read_settings"]
