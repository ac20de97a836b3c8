"""Google Ad Manager audience lists of publisher provided identifiers, as files for its batch upload."""
from connectors.destinations.ppid.connector import make

__all__ = ["make"]
