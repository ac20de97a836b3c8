"""The pipeline as anybody could use it: through its topics alone. For the command line, the console and the demo."""
