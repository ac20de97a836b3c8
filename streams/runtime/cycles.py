"""When Python looks for cycles. All threads wait for such a look, about a second for half a million objects.

The cached rows are millions of objects and hold no cycles; Jinja2 leaves some with every message that it renders. So what is
new is looked at once, a little at a time, and what has been there for a while hardly ever. Setting all aside after every
unit (`gc.freeze`) would end the looks, and keep what was rendered for ever.
"""
from __future__ import annotations

import gc

LOOK_AFTER = (40_000, -1, 50_000)
"""Allocations before a look at what is new; at what survived one look, without waiting for more of them (-1: each look takes
both, so that nothing is looked at twice, which took a tenth of a task's time); and looks before one at everything. With up
to two million at once (200,000 allocations, every tenth look) everything stood still for three seconds a minute during the
press of a button."""


def begin() -> None:
    """In this process, from now on."""
    gc.set_threshold(*LOOK_AFTER)
