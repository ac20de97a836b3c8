"""Which schemas there are and where their files lie: the one list of names.

A list written by hand, not a walk over the folder: a file that nobody meant to ship must not become an
interface, and `request.avsc` is called `privacy_request` outside its area.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, cast

FILES: Mapping[str, str] = {
    "hit": "events/hit.avsc",
    "interaction": "events/interaction.avsc",
    "definition": "definitions/definition.avsc",
    "privacy_request": "privacy/request.avsc",
    "privacy_receipt": "privacy/receipt.avsc",
    "command": "commands/command.avsc",
    "segment_answer": "segments/answer.avsc",
    "identity_change": "identity/identity_change.avsc",
    "profile": "profiles/profile.avsc",
    "audience_change": "audiences/audience_change.avsc",
    "memberships": "audiences/memberships.avsc",
    "activation": "activations/activation.avsc",
    "delivery": "deliveries/delivery.avsc",
    "dead_letter": "deadletters/dead_letter.avsc",
}
NAMES: tuple[str, ...] = tuple(FILES)
EVENTS: tuple[str, ...] = ("hit", "interaction")


def load(name: str, version: str | None = None) -> dict[str, Any]:
    """The schema called `name` as a dict of its own: the current one, or as shipped in `version`.

    KeyError for a name that is not in `NAMES`; FileNotFoundError if that version did not ship it.
    """
    path = FILES[name] if version is None else f"released/{version}/{FILES[name]}"
    text = files(__package__).joinpath(path).read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


def released_versions() -> tuple[str, ...]:
    """Every shipped version, oldest first."""
    folders = files(__package__).joinpath("released").iterdir()
    return tuple(sorted((folder.name for folder in folders if folder.is_dir()), key=_as_numbers))


def ships(name: str, version: str) -> bool:
    """Whether `version` had that schema: areas are added over time."""
    return files(__package__).joinpath(f"released/{version}/{FILES[name]}").is_file()


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
