"""Where activations go: one folder each, importing core, schemas and the delivery contract."""
