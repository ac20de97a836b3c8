"""E-mail over SMTP."""
from connectors.delivery.offer import Offer
from connectors.destinations.smtp.client import SmtpConnector
from connectors.destinations.smtp.settings import read_settings

__all__ = ["OFFER", "SmtpConnector", "read_settings"]

OFFER = Offer(make=lambda reader, _: SmtpConnector(read_settings(reader)))
