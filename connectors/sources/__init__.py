"""Where events come from, other than Kafka itself."""
