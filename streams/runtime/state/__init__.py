"""The state of a task: a RocksDB, and the changelog from which it is restored."""
