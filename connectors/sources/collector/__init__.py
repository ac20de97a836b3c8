"""Events over HTTP, as SDKs of the Segment spec post them; see README.md."""
from connectors.sources.collector.bodies import messages_of
from connectors.sources.collector.server import Collector, application, keys_of

__all__ = ["Collector", "application", "keys_of", "messages_of"]
