"""Processes beside the workers, each around a connector of `connectors`: `audience deliver`, `collect`, `feedback`."""
