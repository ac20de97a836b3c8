"""`audiences.memberships`, followed into a RocksDB of its own: for look-ups and files."""
