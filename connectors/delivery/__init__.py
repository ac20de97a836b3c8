"""From activations to deliveries: what every destination has in common, so that a connector is only its protocol.

Each destination has an engine, with its own pace, breaker and activations in flight, so none can delay another. Knows no
broker: whatever implements `Activations` gives activations and takes outcomes.
"""
from connectors.delivery.activation import Activation
from connectors.delivery.contract import Activations, Connector, Delivery, Place, Taken
from connectors.delivery.engine import Engine, Limits
from connectors.delivery.outcomes import Deferred, Delivered, Outcome, Refused

__all__ = ["Activation", "Activations", "Connector", "Deferred", "Delivered", "Delivery", "Engine", "Limits", "Outcome",
           "Place", "Refused", "Taken"]
