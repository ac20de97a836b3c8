"""`python -m streams.cli`, for where the command is not on the path."""
import sys

from streams.cli import main

sys.exit(main())
