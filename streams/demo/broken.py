"""What goes wrong upstream: messages that nobody can accept, each of a kind that the pipeline must name."""
from __future__ import annotations

import random

import orjson

from streams.core.values import Json
from streams.demo.facts import Label, Sent
from streams.demo.writing import BLOCKED, HITS, INTERACTIONS, iso

KINDS = (Label.BROKEN_JSON, Label.NO_OBJECT, Label.NO_IDENTIFIER, Label.BLOCKED_ONLY, Label.WRONG_TYPE)
WRONG: tuple[dict[str, Json], ...] = (
    {"type": "purchase"}, {"type": None}, {"properties": ["a", "list"]}, {"event": {"name": "Product Viewed"}},
    {"timestamp": "yesterday"}, {"context": "web"})


def broken(received_at: int, message_id: str, chance: random.Random) -> Sent:
    """One message that must be refused, whatever else is true of the world."""
    label = chance.choice(KINDS)
    cookie = f"{chance.getrandbits(80):020x}"
    message: dict[str, Json] = {
        "type": "track", "event": "Product Viewed", "messageId": message_id, "anonymousId": cookie,
        "timestamp": iso(received_at), "receivedAt": iso(received_at)}
    return Sent(
        received_at=received_at, topic=chance.choice((HITS, INTERACTIONS)), key=f"cookie:{cookie}".encode(),
        value=_value(label, message, chance), label=label, fact=None)


def _value(label: Label, message: dict[str, Json], chance: random.Random) -> bytes:
    match label:
        case Label.BROKEN_JSON:
            whole = orjson.dumps(message)
            return whole[: chance.randint(1, len(whole) - 1)]
        case Label.NO_OBJECT:
            return orjson.dumps(chance.choice(([message], "Product Viewed", 7)))
        case Label.NO_IDENTIFIER:
            del message["anonymousId"]
        case Label.BLOCKED_ONLY:
            message |= {"anonymousId": chance.choice(BLOCKED), "userId": chance.choice(BLOCKED)}
        case _:
            message |= chance.choice(WRONG)
    return orjson.dumps(message)
