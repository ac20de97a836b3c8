"""The name under which tests and notebooks know `streams.pipeline`; it is public, and stays."""
from __future__ import annotations

from streams.pipeline import Pipeline

__all__ = ["Pipeline"]
