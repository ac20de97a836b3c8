"""The asynchronous shell around the pure core: Faust, Kafka, RocksDB, settings. Nothing here decides anything."""
