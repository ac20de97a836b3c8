"""An exchange or a bidder that takes users as OpenRTB writes them: one POST a change of an audience."""
from connectors.delivery.offer import Offer
from connectors.destinations.openrtb_users.client import OpenRtbConnector
from connectors.destinations.openrtb_users.settings import read_settings

__all__ = ["OFFER", "OpenRtbConnector", "read_settings"]

OFFER = Offer(make=lambda reader, _: OpenRtbConnector(read_settings(reader)))
