"""The Complete Journey retail data as real input: mapping, exporter and example segments. README.md walks through."""
from connectors.sources.complete_journey.export import DEFINITIONS, MAPPING, export

__all__ = ["DEFINITIONS", "MAPPING", "export"]
