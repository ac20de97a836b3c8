"""E-mail over SMTP."""
from connectors.destinations.smtp.client import SmtpConnector
from connectors.destinations.smtp.settings import SmtpSettings, read_settings

__all__ = ["SmtpConnector", "SmtpSettings", "read_settings"]
