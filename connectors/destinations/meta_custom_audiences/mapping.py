"""From activations to Meta's uploads, and from its answers to outcomes. Pure.

Sources (developers.facebook.com/docs): marketing-api/audiences/guides/custom-audiences (payload, session, 10,000 people a
request), marketing-api/reference/custom-audience/users (POST adds, DELETE removes; the answer's fields),
marketing-api/conversions-api/parameters/customer-information-parameters (normalisation and its examples),
marketing-api/error-reference and graph-api/overview/rate-limiting (codes; minutes to wait in a header).
"""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b, sha256

import orjson

from connectors.delivery import Activation, Deferred, Delivered, Outcome, Refused
from connectors.delivery.answers import TO_MEND, instant_of
from connectors.delivery.asking import Response
from connectors.delivery.listing import List, Member

MOST = 10_000
"""People of one request."""
FIELDS = {"email": "EMAIL", "phone": "PHONE"}
USAGE = "X-Business-Use-Case-Usage"
OURS = frozenset({10, 100, 102, 190, *range(200, 300)})
"""Codes of a token, a permission or an audience that is not there (100/33) or blocked: the operator's to mend."""
NO_DIGIT = re.compile(r"[^0-9]")


def normal(namespace: str, value: str) -> str:
    """E-mail trimmed and in lower case, dots and plus signs kept; of a phone number, which has its country code, the
    digits without leading zeros."""
    return value.strip().lower() if namespace == "email" else NO_DIGIT.sub("", value).lstrip("0")


def digest_of(identifier: str) -> str | Refused:
    """SHA-256 in lower-case hex."""
    namespace, _, value = identifier.partition(":")
    if (namespace == "email" and "@" in value) or (namespace == "phone" and value.startswith("+")):
        return sha256(normal(namespace, value).encode()).hexdigest()
    return Refused(why="neither an e-mail address nor a phone number with its country code")


def member_of(activation: Activation, audiences: Mapping[str, str]) -> Member[str] | Refused:
    audience = audiences.get(activation.audience)
    if audience is None:
        return Refused(why="no change of an audience that settings.audiences names")
    digest = digest_of(activation.identifier)
    if isinstance(digest, Refused):
        return digest
    field = FIELDS[activation.identifier.partition(":")[0]]
    return Member(activation_id=activation.activation_id, value=digest,
                  list=List(number=audience, is_addition=not activation.is_removal, field=field))


def form_of(members: Sequence[Member[str]]) -> dict[str, str]:
    """The fields of a request about people of one list. The session's number follows from them, so that the same
    request, sent again, is the same session to Meta (a number of 63 bits, unique within the ad account)."""
    ids = "\x1f".join(member.activation_id for member in members).encode()
    session = int.from_bytes(blake2b(ids, digest_size=8).digest()) >> 1
    return {
        "session": orjson.dumps({"session_id": session, "batch_seq": 1, "last_batch_flag": True,
                                 "estimated_num_total": len(members)}).decode(),
        "payload": orjson.dumps({"schema": [members[0].list.field],
                                 "data": [[member.value] for member in members]}).decode()}


def read_answer(answer: Response, count: int, at: int) -> Outcome | None:
    """None: some were not understood; Meta says how many, and not who. An error is about the whole request (limits, token, a
    blocked audience), so nobody is refused for it. It is told by its codes, as its message may quote what was sent."""
    fields = answer.fields()
    received, invalid = fields.get("num_received"), fields.get("num_invalid_entries")
    if answer.status == 200 and received == count and isinstance(invalid, int) and 0 <= invalid <= count:
        return Delivered() if not invalid else Refused(why="Meta does not take this value") if invalid == count else None
    error = fields.get("error")
    if not isinstance(error, dict):
        return Deferred(why=f"HTTP {answer.status}, and not Meta's answer", until=_asked_for(answer, at),
                        to_mend=answer.status in TO_MEND)
    codes = [error[name] for name in ("code", "error_subcode") if isinstance(error.get(name), int)]
    return Deferred(why=f"Meta {'/'.join(map(str, codes)) or 'error'}", until=_asked_for(answer, at),
                    to_mend=bool(OURS.intersection(codes[:1])))


def _asked_for(answer: Response, at: int) -> int | None:
    """The minutes of the usage header, of all limits the longest; else what HTTP says."""
    minutes = _minutes(answer.headers.get(USAGE))
    if minutes:
        return at + minutes * 60_000
    return instant_of(answer.retry_after, at)


def _minutes(usage: str | None) -> int:
    try:
        found = orjson.loads(usage or "")
        waits = [limit["estimated_time_to_regain_access"] for limits in found.values() for limit in limits]
        return max((wait for wait in waits if isinstance(wait, int)), default=0)
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return 0
