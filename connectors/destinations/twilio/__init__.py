"""SMS over Twilio's public API."""
from connectors.delivery.offer import Offer, plain
from connectors.destinations.twilio.client import TwilioConnector
from connectors.destinations.twilio.settings import TwilioSettings, read_settings

__all__ = ["OFFER", "TwilioConnector", "TwilioSettings", "read_settings"]

OFFER = Offer(make=plain(lambda *given: TwilioConnector(read_settings(*given))))
