"""Histories in which people also come apart again and the rules change on the way, and what the ledger makes of them.

A split names whom it takes apart by chance; `mask` picks those who leave from the identifiers that the person has by
then, so that most can be done and some must be refused.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from hypothesis import strategies as st

from streams.core.outputs import IdentityChanged
from streams.testing import Pipeline
from tests.oracle.ledger import Ledger, Line
from tests.strategies import COOKIES, DAY, EMAILS, HOUR, USERS, histories

Message = dict[str, Any]
ANYBODY = (*(f"cookie:{each}" for each in COOKIES), *(f"customer_id:{each}" for each in USERS),
           *(f"email:{each}" for each in EMAILS))


def identity(**namespaces: Message) -> Message:
    return {"identity/one": {"kind": "identity", "id": "one", "namespaces": namespaces}}


def row(at_most: int, per: str | None = None, on_conflict: str | None = None) -> Message:
    limit = {"at_most": at_most} | ({"per": per} if per else {})
    return {"limit": limit} | ({"on_conflict": on_conflict} if on_conflict else {})


RULES = (
    identity(customer_id=row(1), email=row(1), device_id=row(1), cookie=row(2)),
    identity(customer_id=row(2), email=row(1), device_id=row(2, on_conflict="keep"), cookie=row(3)),
    identity(customer_id=row(1), email=row(2, per="1d"), cookie=row(1, per="5h")),
    identity(customer_id=row(1), email=row(2), device_id=row(1), cookie=row(1, on_conflict="keep")),
)
Audited: TypeAlias = tuple[str, str, frozenset[str], str | None]
"""Change, profile id, identifiers, the other profile's id."""
DURATIONS = {"1d": DAY, "5h": 5 * HOUR}


def obey(ledger: Ledger, rules: Message) -> None:
    """These rules hold from now on."""
    rows = rules["identity/one"]["namespaces"]
    ledger.limits = {name: each["limit"]["at_most"] for name, each in rows.items()}
    ledger.per = {name: DURATIONS[each["limit"]["per"]] for name, each in rows.items() if "per" in each["limit"]}
    ledger.keeps = frozenset(name for name, each in rows.items() if each.get("on_conflict") == "keep")


@st.composite
def eventful(draw: st.DrawFn, most: int = 14, aliases: bool = True, rules: bool = True) -> list[Message]:
    """Messages, splits (`type: split`) and new rules (`type: rules`), each with its `receivedAt`. A message after a
    split is sometimes an old one under a new id, with its old time: the same old evidence."""
    found: list[Message] = []
    for message in draw(histories(most, aliases)):
        found.append(message)
        at = message["receivedAt"]
        match draw(st.integers(0, 9)):
            case 0 | 1:
                found.append({"type": "split", "identifier": draw(st.sampled_from(ANYBODY)),
                              "mask": draw(st.integers(0, 63)), "receivedAt": at})
            case 2 if rules:
                found.append({"type": "rules", "rules": draw(st.sampled_from(RULES)), "receivedAt": at})
            case 3:
                old = draw(st.sampled_from([each for each in found if "messageId" in each]))
                found.append({**old, "messageId": f"again{len(found)}", "receivedAt": at})
    return found


def replay(history: Iterable[Message], ledger: Ledger) -> list[Message]:
    """The ledger takes everything; the history with every split's `split_off` spelled out."""
    spelled = []
    for step in history:
        if step["type"] == "split":
            step = {**step, "split_off": _chosen(ledger, step)}
            ledger.split(step["identifier"], step["split_off"], step["receivedAt"])
        elif step["type"] == "rules":
            obey(ledger, step["rules"])
        else:
            ledger.take(step)
        spelled.append(step)
    return spelled


def _chosen(ledger: Ledger, step: Message) -> list[str]:
    owner = ledger.owner(step["identifier"], step["receivedAt"])
    held = sorted(ledger.current(owner)) if owner is not None else [step["identifier"]]
    return [each for place, each in enumerate(held) if step["mask"] >> place & 1]


def play(pipeline: Pipeline, spelled: Iterable[Message]) -> Pipeline:
    """The same steps, each at its `receivedAt`."""
    for step in spelled:
        if step["type"] == "split":
            pipeline.advance(to=max(pipeline.now, step["receivedAt"]), including=False)
            pipeline.split(step["identifier"], *step["split_off"])
        elif step["type"] == "rules":
            pipeline.apply(step["rules"])
        else:
            pipeline.send(step, step["receivedAt"])
    return pipeline


def audited(lines: Iterable[IdentityChanged]) -> list[Audited]:
    """What an audit log says, in the order of the decisions."""
    return [(line.change, line.profile_id, frozenset(line.identifiers), line.other_profile_id)
            for line in sorted(lines, key=lambda line: line.decision)]


def expected_audit(pipeline: Pipeline, ledger: Ledger) -> list[Audited]:
    """What the ledger says it should."""
    profile_id = pipeline.tasks[0].context.profile_id

    def named(person: int) -> str:
        return profile_id(ledger.born[person][1])

    def line(each: Line) -> Audited:
        other = named(each.other) if each.other is not None else None
        return each.change, named(each.person), frozenset(each.identifiers), other

    return [line(each) for each in ledger.audit]
