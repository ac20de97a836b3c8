"""Scenarios as scripts of steps, one a line, so that they read as what happens.

    define carts: {performed: {event: Cart, within: 1h}}    this segment says so from now on; the others stay
    forget carts                                            it is deleted
    rename carts                                            only its name changes
    reapply                                                 the same definitions once more
    send Cart ann value=5                                   a track event of cookie ann; `@-30m`: it happened earlier
    login ann u1                                            cookie ann is customer u1
    wait 59m59s                                             time passes, nothing comes
    expect carts: ann                                       exactly these are in it (by cookie)
    told carts: ann+ ann-                                   what was told of it since the last such step
    rebuilt 3 profiles 2 leaves                             what was read again, and folded anew, since the last such step
    restart                                                 every task begins anew from its store
"""
from __future__ import annotations

import re
from collections import Counter
from random import Random

import yaml

from streams.core.values import Json
from tests.properties.restarting import Restarting

START = 1_772_323_200_000
UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def milliseconds(text: str) -> int:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))


class Script:
    """Plays one script; a step that is not as it says fails with its line."""

    def __init__(self, text: str, partitions: int = 4) -> None:
        self._documents: dict[str, Json] = {}
        self._pipeline = Restarting({}, partitions, Random(0), crashes=0.0)
        self._pipeline.advance(to=START)
        self._sent, self._heard = 0, 0
        self._counted: Counter[str] = Counter()
        for number, line in enumerate(text.strip().splitlines(), 1):
            step, _, rest = line.strip().partition(" ")
            try:
                getattr(self, f"_{step}")(rest.strip())
            except AssertionError as fault:
                raise AssertionError(f"line {number}, {line.strip()}: {fault}") from fault

    def _define(self, rest: str) -> None:
        name, _, rule = rest.partition(":")
        self._documents[f"segment/{name}"] = {"kind": "segment", "id": name, "rule": yaml.safe_load(rule)}
        self._reapply()

    def _forget(self, name: str) -> None:
        del self._documents[f"segment/{name}"]
        self._reapply()

    def _rename(self, name: str) -> None:
        self._documents[f"segment/{name}"] = {**self._documents[f"segment/{name}"], "name": "Otherwise"}
        self._reapply()

    def _reapply(self, rest: str = "") -> None:
        self._pipeline.apply(self._documents)

    def _send(self, rest: str) -> None:
        event, who, *more = rest.split()
        earlier = sum(milliseconds(each) for each in more if each.startswith("@-"))
        given = (each.partition("=") for each in more if "=" in each)
        properties = {name: yaml.safe_load(value) for name, _, value in given}
        self._message({"type": "track", "event": event, "anonymousId": who, "properties": properties}, earlier)

    def _login(self, rest: str) -> None:
        who, user = rest.split()
        self._message({"type": "identify", "anonymousId": who, "userId": user, "traits": {}}, 0)

    def _message(self, message: Json, earlier: int) -> None:
        self._sent += 1
        now = self._pipeline.now
        self._pipeline.send({**message, "messageId": f"m{self._sent}", "timestamp": now - earlier, "receivedAt": now}, now)

    def _wait(self, rest: str) -> None:
        self._pipeline.advance(by=milliseconds(rest))

    def _restart(self, rest: str) -> None:
        for index in range(len(self._pipeline.tasks)):
            self._pipeline._begin(index)

    def _expect(self, rest: str) -> None:
        name, _, who = rest.partition(":")
        found = sorted(each.removeprefix("cookie:") for each in self._pipeline.members(name) if each.startswith("cookie:"))
        assert found == sorted(who.split()), f"found {found}"

    def _told(self, rest: str) -> None:
        name, _, lines = rest.partition(":")
        new, self._heard = self._pipeline.memberships[self._heard:], len(self._pipeline.memberships)
        found = [f"{each.identifiers[0].partition(':')[2]}{'+' if each.change == 'entered' else '-'}"
                 for each in new if each.segment_id == name]
        assert sorted(found) == sorted(lines.split()), f"told {found}"

    def _rebuilt(self, rest: str) -> None:
        new, self._counted = self._pipeline.rebuilt - self._counted, self._pipeline.rebuilt.copy()
        found = f"{new['profiles']} profiles {new['leaves']} leaves"
        assert found == rest, f"found {found}"
