"""What begins the keys of the two tables that have rows of several kinds: all of it, so that nothing is used twice.

Stored, and therefore permanent. Keys of `meta` that begin with a zero byte are the runtime's own (`runtime.state.store`)."""
from __future__ import annotations


class Meta:
    """In the table `meta`."""

    PRESSES = b"b"
    CENSUS = b"c"
    DOCUMENTS = b"d"
    CHANGED_SEGMENTS = b"e"
    NUMBERS = b"n"
    REDACTIONS = b"r"
    STAGED = b"s"


class Identities:
    """In the table `identities`."""

    COUNTERS = b"c"
    BARRED = b"e"
    NODES = b"i"
    PERSONS = b"p"
    RECEIPTS = b"r"
