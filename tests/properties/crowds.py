"""Long histories of people who share devices: messages, copies, late ones, and splits, from a seed.

Cookies come and go, so that there are merges and moves to the end of a long run; e-mails, devices and customers meet
again and again. Lags are so far from the ends of the segments' windows that nothing turns while it is looked at.
"""
from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from tests.properties.identities import identity, row
from tests.strategies import HOUR

Message = dict[str, Any]
RULES = identity(customer_id=row(1), email=row(2), device_id=row(2), cookie=row(5))
RULES["identity/one"]["traits"] = {"sources": ["crm", "web"]}
LAGS = (0, 0, 0, 0, 60_000, HOUR, 3 * HOUR, 30 * HOUR)
EVENTS = ("Product Added", "Order Completed", "Email Opened")


class World(NamedTuple):
    """How many customers, devices and cookies meet, under which rules."""

    rules: Message = RULES
    people: int = 30
    devices: int = 25
    cookies: int = 40


def crowded(chance: Random) -> World:
    """Few of each, so that the same ones merge, move and part again and again."""
    rules = identity(customer_id=row(1), email=row(chance.choice((1, 2))), device_id=row(chance.choice((1, 2, 3))),
                     cookie=row(chance.choice((1, 2, 4))))
    rules["identity/one"]["traits"] = RULES["identity/one"]["traits"]
    return World(rules, chance.choice((2, 4, 8)), chance.choice((2, 4, 8)), chance.choice((1, 3, 6)))


class Crowd:
    """`history` has the messages, and the requests to split (`type: split`), in the order made."""

    def __init__(self, seed: int, world: World) -> None:
        print(f"Crowd seed {seed}")
        self.history: list[Message] = []
        self._chance, self.world = Random(seed), world

    def steps(self, now: int) -> Iterator[Message]:
        """A message, or a copy of a recent one; now and then a split of somebody's identifier."""
        for step in self._steps(now):
            self.history.append(step)
            yield step

    def _steps(self, now: int) -> Iterator[Message]:
        chance, number = self._chance, len(self.history)
        recent = [step for step in self.history[-50:] if step["type"] != "split"]
        if recent and chance.random() < 0.03:
            yield chance.choice(recent) | {"receivedAt": now}
            return
        cookie = f"c{number // 25 + chance.randrange(self.world.cookies)}"
        yield {**self._said(), **self._named(cookie), "messageId": f"m{number}", "receivedAt": now,
               "timestamp": now - chance.choice(LAGS)}
        if chance.random() < 0.03:
            leaving = chance.choice((f"cookie:{cookie}", f"device_id:d{chance.randrange(self.world.devices)}"))
            yield {"type": "split", "identifier": leaving, "split_off": [leaving], "receivedAt": now}

    def _named(self, cookie: str) -> Message:
        chance, people = self._chance, self.world.people
        who = chance.randrange(people)
        found: Message = {"context": {}}
        if chance.random() < 0.85:
            found["anonymousId"] = cookie
        if chance.random() < 0.25 or "anonymousId" not in found:
            found["userId"] = f"u{who}"
        if chance.random() < 0.15:
            found["context"]["traits"] = {"email": f"e{chance.choice((who, chance.randrange(people)))}@example.org"}
        if chance.random() < 0.2:
            found["context"]["device"] = {"id": f"d{chance.randrange(self.world.devices)}"}
        if chance.random() < 0.5:
            found["context"]["source"] = {"type": chance.choice(("crm", "web", "app"))}
        return found

    def _said(self) -> Message:
        chance = self._chance
        match chance.randrange(5):
            case 0:
                return {"type": "identify", "traits": {"plan": chance.choice(("free", "paid", None))}}
            case 1:
                purposes = {"personalised-ads": chance.random() < 0.8, "email-marketing": chance.random() < 0.5}
                return {"type": "track", "event": "Consent Preference Updated", "properties": {"purposes": purposes}}
            case _:
                return {"type": "track", "event": chance.choice(EVENTS), "properties": {"value": chance.randint(0, 3)}}
