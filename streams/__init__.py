"""audience-streams: a DMP and CDP as one streaming pipeline. Start reading at `streams.topology`."""
