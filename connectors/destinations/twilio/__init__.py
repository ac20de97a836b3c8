"""SMS over Twilio's public API."""
from connectors.delivery.offer import Offer
from connectors.destinations.twilio.client import TwilioConnector
from connectors.destinations.twilio.settings import read_settings

__all__ = ["OFFER", "TwilioConnector", "read_settings"]

OFFER = Offer(make=lambda reader, _: TwilioConnector(read_settings(reader)))
