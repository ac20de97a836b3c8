"""Apache Kafka itself, on this machine: for the demo, the tests and development."""
