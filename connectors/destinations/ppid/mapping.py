"""From an activation to a line of Ad Manager's batch upload. Pure.

Sources: support.google.com/admanager/answer/4349785 (batch upload: a header, one identifier and one list a line, consent
in `process_consent`), whose columns `ppid,list_id,process_consent` docs.antsomi.com shows for Ad Manager 360, and
mediarithmics' audience feed documentation the column `delete` for removals (1 or 0); and
support.google.com/admanager/answer/2880055 (a PPID is hashed or encrypted, no raw personal or device identifier). Its
upper bound is in developers.google.com/news/subscribe/subscription-linking/implementation/ppids and in Prebid.js (pull
request 7681); the lower one is not verified: no source for 22 was found.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import orjson

from connectors.delivery import Activation, Refused

HEADER = "ppid,list_id,delete,process_consent\n"
SHAPE = re.compile(r"[0-9A-Za-z]{22,150}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
"""22 to 150 letters and digits, or a UUID; see above for how far that is known."""
RAW = frozenset({"email", "phone", "device_id", "device_ad_id"})
"""What Google may not be told as it is."""


def ppid_of(identifier: str, *, is_hashed_by_us: bool) -> str | Refused:
    """The digest is SHA-256 of the value, in lower-case hex: the site must tell Ad Manager the same one."""
    namespace, _, value = identifier.partition(":")
    if is_hashed_by_us:
        return sha256(value.encode()).hexdigest()
    if namespace in RAW:
        return Refused(why=f"a raw {namespace} may not be a PPID; expected ppid: sha256")
    return value if SHAPE.fullmatch(value) else Refused(why="no PPID: expected 22 to 150 letters and digits, or a UUID")


def row_of(activation: Activation, lists: Mapping[str, str], *, is_hashed_by_us: bool) -> bytes | Refused:
    """Activations exist only with consent, so a member's line says so; a removal claims nothing."""
    number = lists.get(activation.audience)
    if number is None:
        return Refused(why="no change of an audience that settings.lists names")
    ppid = ppid_of(activation.identifier, is_hashed_by_us=is_hashed_by_us)
    if isinstance(ppid, Refused):
        return ppid
    gone = activation.is_removal
    return orjson.dumps([ppid, number, "1" if gone else "0", "" if gone else "true"])


def write(part: Path, rows: Iterator[bytes]) -> None:
    """No field needs quotes: all are letters, digits and hyphens."""
    with part.open("w", newline="", encoding="ascii") as file:
        file.write(HEADER)
        file.writelines(",".join(orjson.loads(row)) + "\n" for row in rows)
