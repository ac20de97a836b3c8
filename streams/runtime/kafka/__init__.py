"""What everything that talks to Kafka shares: names, topics, options of readers, errors, repeated calls, schema ids."""
