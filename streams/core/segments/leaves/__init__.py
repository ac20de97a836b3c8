"""Leaves: the conditions that rules are made of, and the only place where time and events mean anything.

A segment is a boolean function of its leaves, so all that an event or the clock can change happens here. Segments that say
the same share the leaf. Its id is a hash of what it says, so its state survives edits of the rules around it."""
