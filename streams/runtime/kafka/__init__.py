"""What everything that talks to Kafka shares: names, topics, how we read, errors, calls that are made again, schema ids."""
