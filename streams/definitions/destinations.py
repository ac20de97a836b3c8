"""kind: destination. A secret stands in the environment, not in a document that every worker reads."""
from __future__ import annotations

import re
from enum import StrEnum

from streams.core.definitions import Destination
from streams.core.values import Json
from streams.definitions.channels import CHANNELS
from streams.definitions.document import document
from streams.definitions.faults import dotted, nearest
from streams.definitions.scalars import KEBAB_ID, TEXT, choice
from streams.definitions.shapes import Found, Shape, record

_SECRET = re.compile(r"passw|secret|token|api_?key|access_?key|private_?key|credential|authorization")


class Hashing(StrEnum):
    NONE = "none"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"


def _channel(found: Found) -> str:
    if found.value not in tuple(CHANNELS):  # which can be asked for a list too
        found.unlike(f"one of {', '.join(CHANNELS)}", nearest(found.value, CHANNELS))
    return str(found.value)


def _settings(found: Found) -> tuple[tuple[str, Json], ...]:
    if not isinstance(found.value, dict):
        found.unlike("an object of settings")
    for name in found.value:
        _check(found.at(name), name)
    return tuple(sorted(found.value.items()))


def _check(found: Found, name: str) -> None:
    """Notes secrets in clear text, at any depth, without showing them."""
    if isinstance(found.value, dict):
        if "env" in found.value:
            _ENVIRONMENT.read(found)
            return
        for inner in found.value:
            _check(found.at(inner), inner)
    elif isinstance(found.value, list):
        for place in range(len(found.value)):
            _check(found.at(place), name)
    elif isinstance(found.value, str) and is_secret(name):
        found.note(f"{dotted(found.steps)} is a secret in clear text", "{env: NAME}, its variable's name")


def is_secret(name: str) -> bool:
    """Whether a setting of that name holds one."""
    return _SECRET.search(name.lower().replace("-", "_")) is not None


_ENVIRONMENT = record({"env": TEXT}, required=("env",), make=lambda given: str(given["env"]))
SETTINGS = Shape(_settings, {"type": "object"})

DESTINATION = document(
    {
        "channel": Shape(_channel, {"enum": list(CHANNELS)}), "connector": KEBAB_ID,
        "settings": SETTINGS, "hashing": choice(Hashing),
    },
    required=("channel", "connector"),
    make=lambda given: Destination(
        id=given["id"], channel=given["channel"], connector=given["connector"],
        settings=given.get("settings", ()), hashing=given.get("hashing"),
    ),
)
