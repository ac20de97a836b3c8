"""SMS over Twilio's public API."""
from connectors.destinations.twilio.client import TwilioConnector
from connectors.destinations.twilio.settings import TwilioSettings, read_settings

__all__ = ["TwilioConnector", "TwilioSettings", "read_settings"]
