"""Which release this is."""
from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def release() -> str:
    """As installed; `unreleased` where it runs from a folder that was never installed."""
    try:
        return version("audience-streams")
    except PackageNotFoundError:
        return "unreleased"
