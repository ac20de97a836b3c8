"""Makes the records of `privacy.requests`, which `reading` reads."""
from __future__ import annotations

from collections.abc import Sequence

from streams.core.values import Json


def request(
    action: str, identifier: str, *, request_id: str, source: str, at: int, reason: str | None = None,
    split_off: Sequence[str] = (),
) -> dict[str, Json]:
    """The fields, as the topic has them. Asking twice under one id is asking once; `reason` in words without personal data;
    `at` in ms."""
    return {"request_id": request_id, "action": action, "identifier": identifier, "split_off": list(split_off),
            "source": source, "reason": reason, "at": at}
