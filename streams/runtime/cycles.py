"""Tunes Python's search for reference cycles, which stops all threads: about a second for half a million objects.

The cached rows are millions of objects without cycles; Jinja2 leaves some with every message it renders. So new objects are
searched soon, a few at a time, and old ones hardly ever. Setting all aside after every unit (`gc.freeze`) would end the
searches, but also keep whatever was rendered for ever.
"""
from __future__ import annotations

import gc

NEW = 10_000
"""Objects that stay, before a look at them between two units of work."""
WITHIN = (100_000, -1, 50_000)
"""Thresholds of `gc.set_threshold`. Within a unit: a search after 100,000 new objects. -1: every search takes the middle
generation too, so that nothing is searched twice. Everything is searched after 50,000 searches; with 200,000 objects and
every tenth search, all stood still for three seconds a minute while a button was pressed."""


def begin() -> None:
    """Sets the thresholds of this process from now on."""
    gc.set_threshold(*WITHIN)


def look() -> None:
    """After a unit of work, when what it made to be sent and written is gone: a look meets little that goes by itself."""
    if gc.get_count()[0] > NEW:
        gc.collect(1)
