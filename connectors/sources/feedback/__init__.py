"""What comes back from those who were written to: bounces, complaints, unsubscribes, STOP. Each becomes a request to
suppress that address on `privacy.requests`.

The reporter must prove it, by the sealed token that only the message carried or by a signature: else anybody could silence
anybody.
"""
from connectors.sources.feedback.maildir import read_new
from connectors.sources.feedback.senders import Senders, senders_of
from connectors.sources.feedback.server import Feedback, application
from connectors.sources.feedback.signals import Reason, Signal

__all__ = ["Feedback", "Reason", "Senders", "Signal", "application", "read_new", "senders_of"]
