"""Faust's plug points, filled: application, transport, group membership, recovery, tables."""
