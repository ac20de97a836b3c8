"""`audience deliver`: destinations take activations from Kafka, and say on `deliveries` what became of them."""
