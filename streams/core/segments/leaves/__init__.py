"""Leaves: the predicates that rules are made of, and the only place where time and events have a meaning.

A segment is a pure boolean function of leaf truths; so everything that an event or the clock can change is in
here. A leaf is shared by every segment that says the same, and its id is a hash of what it says: state that a
fragment holds for it survives any redefinition of the segments around it.
"""
