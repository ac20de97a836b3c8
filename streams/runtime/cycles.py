"""When Python looks for cycles. All threads wait for such a look, about a second for half a million objects.

The cached rows are millions of objects and hold no cycles; Jinja2 leaves some with every message that it renders. So what is
new is looked at once, a little at a time, and what has been there for a while hardly ever. Setting all aside after every
unit (`gc.freeze`) would end the looks, and keep what was rendered for ever.
"""
from __future__ import annotations

import gc

NEW = 10_000
"""Objects that stay, before a look at them between two units of work."""
WITHIN = (100_000, -1, 50_000)
"""Thresholds of `gc.set_threshold`. Within a unit: a look after 100,000 new objects. -1: every look takes the middle
generation too, so that nothing is looked at twice. A look at everything after 50,000 looks; with 200,000 objects and every
tenth look everything stood still for three seconds a minute during the press of a button."""


def begin() -> None:
    """Sets the thresholds of this process from now on."""
    gc.set_threshold(*WITHIN)


def look() -> None:
    """After a unit of work, when what it made to be sent and written is gone: a look meets little that goes by itself."""
    if gc.get_count()[0] > NEW:
        gc.collect(1)
