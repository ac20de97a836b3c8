"""Definitions at the edge: files and topic documents in, `streams.core.definitions.Definitions` out."""
from streams.definitions.build import build
from streams.definitions.folder import load_file, load_folder, without_definitions
from streams.definitions.kinds import Parsed, parse_document
from streams.definitions.schema import definitions_schema

__all__ = ["Parsed", "build", "definitions_schema", "load_file", "load_folder", "parse_document", "without_definitions"]
