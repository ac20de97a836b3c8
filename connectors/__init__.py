"""What brings events in and takes activations out: one folder each, importing core and schemas."""
