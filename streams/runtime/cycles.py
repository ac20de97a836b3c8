"""When Python looks for cycles. All threads wait for such a look, about a second for half a million objects.

The cached rows are millions of objects and hold no cycles; Jinja2 leaves some with every message that it renders. So what is
new is looked at often and a little at a time, what has been there for a while hardly ever. Setting all aside after every
unit (`gc.freeze`) would end the looks, and keep what was rendered for ever.
"""
from __future__ import annotations

import gc

LOOK_AFTER = (20_000, 1, 50_000)
"""Allocations before a look, and how many such looks before one at what is older: at most 40,000 objects at once while they
are new, all of them hardly ever. With up to two million at once (200,000 allocations, every tenth look) everything stood
still for three seconds a minute during the press of a button."""


def begin() -> None:
    """In this process, from now on."""
    gc.set_threshold(*LOOK_AFTER)
