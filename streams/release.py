"""Which release this is."""
from importlib.metadata import PackageNotFoundError, version


def release() -> str:
    """As installed; `unreleased` where it runs from a folder that was never installed."""
    try:
        return version("audience-streams")
    except PackageNotFoundError:
        return "unreleased"
