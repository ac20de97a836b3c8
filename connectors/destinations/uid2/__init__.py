"""Audiences as files of UID2 hashes."""
from connectors.delivery.durable import write_json_lines
from connectors.delivery.filing import FilingConnector, spool_of
from connectors.delivery.offer import Offer
from connectors.destinations.uid2.mapping import row_of

__all__ = ["OFFER"]

OFFER = Offer(make=lambda reader, _: FilingConnector(spool_of(reader, "jsonl", write_json_lines), row_of))
