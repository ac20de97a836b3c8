"""INTERFACES sections 1 and 3, several rules at once: what campaigns send to people who merge, share a cookie, come late,
withdraw, or meet an edit of the definitions. Worked out by hand; the same at any number of partitions, byte for byte."""
from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.pipeline.tables import Message, backtest, iso, said, short, write

GRANTED = {"mail": True, "ads": True}
QUIET = 'quiet_hours: {from: "21:00", to: "08:00", time_zone: UTC}'
EXACTLY_ONE = "performed: {event: A, exactly: 1}"
DAILY = "cap: {at_most: 1, per: 1d}"


def says(time: str, who: str, event: str = "A", at: str = "", **consent: bool) -> Message:
    """`who`: a user, a cookie and an address with @, in any order; `c` begins a cookie."""
    names = who.split()
    address = next((name for name in names if "@" in name), None)
    context: Message = {"traits": {"email": address}} if address else {}
    named = {"anonymousId" if name.startswith("c") else "userId": name for name in names if "@" not in name}
    return {**said(event, time, at, context | ({"consent": {"purposes": consent}} if consent else {})), **named}


class World(NamedTuple):
    """rule: of the segment. more: fields of the campaign on it. sent: `mail a@x 11:00`, `+c1 11:00` and `-c1 12:00`."""

    messages: list[Message]
    sent: str
    rule: str = "performed: {event: A}"
    more: str = "trigger: entered"
    edit: tuple[str, str, str] | None = None


BOTH_IN = [says("10:00", "c1 a@x", **GRANTED), says("10:05", "c2 b@x", **GRANTED)]
JOINED = [says("12:00", "u c1", "X"), says("12:01", "u c2", "X")]
LATE_EVENING = [says("21:00", "c1 a@x", **GRANTED), says("22:00", "u", "X", mail=False), says("23:00", "u c1", "X")]
WORLDS = {
    "both were told: nothing on the merge": World(
        [*BOTH_IN, *JOINED], "mail a@x 10:00, +c1 10:00, mail b@x 10:05, +c2 10:05"),
    "in alone, out together": World(
        [*BOTH_IN, *JOINED], "mail a@x 10:00, +c1 10:00, mail b@x 10:05, +c2 10:05, -c1 12:01, -c2 12:01", EXACTLY_ONE),
    "in together only": World(
        [*BOTH_IN, *JOINED], "mail b@x 12:01, +c1 12:01, +c2 12:01", "performed: {event: A, at_least: 2}"),
    "held, and the other half withdraws": World(LATE_EVENING, "+c1 21:00", more=QUIET),
    "held, and the other half had withdrawn before the grant": World(
        [says("20:00", "u", "X", mail=False), LATE_EVENING[0], LATE_EVENING[2]], "+c1 21:00, mail a@x 2/08:00", more=QUIET),
    "held, and out by the merge": World(
        [LATE_EVENING[0], says("21:30", "u"), LATE_EVENING[2]], "+c1 21:00, -c1 23:00", EXACTLY_ONE, QUIET),
    "a cap counts what both halves had": World(
        [says("10:00", "c1 a@x", "B", **GRANTED), says("11:00", "c2 b@x", "B", **GRANTED), *JOINED,
         says("13:00", "u b@x", "B")],
        "mail a@x 10:00, +c1 10:00, mail b@x 11:00, +c2 11:00, mail b@x 2/11:00", "performed: {event: B}",
        f"trigger: {{each: B}}\n{DAILY}"),
    "a shared cookie follows who logs in, and back": World(
        [says("10:00", "u1 c1", **GRANTED), says("11:00", "u2 c1", "X", **GRANTED), says("12:00", "u1 c1", "X")],
        "+c1 10:00, -c1 11:00, +c1 12:00"),
    "a late log-in takes the cookie's later events with it": World(
        [says("10:00", "u1 c1", "X", **GRANTED), says("11:30", "c1"), says("11:00", "u2 c1", "X", at="12:00")],
        "+c1 11:30, -c1 12:00"),
    "a late withdrawal on a shared cookie is that of its owner then": World(
        [says("09:00", "u1 c1 a@x", "X", **GRANTED), says("10:00", "u2 c1 b@x", "X", **GRANTED),
         says("09:30", "c1", "X", at="10:30", mail=False), says("11:00", "u1"), says("11:00", "u2")],
        "mail b@x 11:00, +c1 11:00"),
    "who leaves at the instant of the start": World(
        [says("10:00", "u1 c1 a@x", **GRANTED), says("10:01", "u2 c2 b@x", **GRANTED)],
        "mail b@x 12:00, +c2 12:00, -c2 12:01", "performed: {event: A, within: 2h}", "starts: 2026-03-01T12:00:00Z"),
    "an event at the instant of the start renews": World(
        [says("10:00", "u1 c1 a@x", **GRANTED), says("12:00", "u1")],
        "mail a@x 12:00, +c1 12:00, -c1 14:00", "performed: {event: A, within: 2h}", "starts: 2026-03-01T12:00:00Z"),
    "held while the rule is edited": World(
        [says("21:00", "c1 a@x", **GRANTED), says("21:00", "c2 b@x", "B", **GRANTED)],
        "+c1 21:00, -c1 23:00, +c2 23:00, mail b@x 2/08:00", more=QUIET, edit=("23:00", "{event: A}", "{event: B}")),
    "purposes of an edit": World(
        [says("10:00", "c1", ads=True), says("10:00", "c2", ads=True, more=True)], "+c1 10:00, +c2 10:00, -c1 12:00",
        edit=("12:00", "purpose: ads", "purpose: more")),
}


def definitions(world: World) -> str:
    return f"""
kind: segment
id: s
rule: {{{world.rule}}}
---
kind: campaign
id: k
segment: s
status: live
channels:
  email: {{subject: s, text: t, purpose: mail}}
  display: {{audience: a, destinations: [gam], purpose: ads}}
{world.more}
"""


@pytest.mark.parametrize("name", WORLDS)
def test_what_is_sent_when_several_rules_meet(name: str, tmp_path: Path) -> None:
    world, written = WORLDS[name], []
    messages = [{**message, "messageId": f"m{number}"} for number, message in enumerate(world.messages)]
    arguments = []
    if world.edit:
        time, old, new = world.edit
        arguments = ["--definitions-at", f"{iso(time)}={write(tmp_path / 'edit', definitions(world).replace(old, new))}"]
    for place in ("1", "16"):
        backtest(tmp_path / place, messages, definitions(world), *arguments, "--partitions", place, "--seed", place)
        written.append((tmp_path / place / "out" / "activations.jsonl").read_text())
    assert written[0] == written[1]
    assert sorted(map(told, map(json.loads, written[0].splitlines()))) == sorted(world.sent.split(", "))


def told(activation: Message) -> str:
    sign = {"message": "mail ", "entered": "+", "exited": "-"}[str(activation["change"])]
    return f"{sign}{str(activation['identifier']).partition(':')[2]} {short(str(activation['at']))}"
