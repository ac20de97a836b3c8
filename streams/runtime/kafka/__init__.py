"""What everything that talks to Kafka shares: names, topics, errors, calls that are made again, schema ids."""
