"""The pure core: state in, state out. Standard library only; no clock, no random, no I/O, no logging."""
