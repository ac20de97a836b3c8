"""Definitions at the edge: files and topic documents in, `streams.core.definitions.Definitions` out."""
from streams.definitions.build import build
from streams.definitions.folder import load_file, load_folder, load_text, without_definitions
from streams.definitions.schema import definitions_schema

__all__ = ["build", "definitions_schema", "load_file", "load_folder", "load_text", "without_definitions"]
