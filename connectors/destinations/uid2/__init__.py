"""Audiences as files of UID2 hashes."""
from connectors.destinations.uid2.connector import make

__all__ = ["make"]
