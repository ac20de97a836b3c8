"""Segments told as scripts: send, wait, expect, redefine, expect (`tests/pipeline/scripts.py` has the steps)."""
from __future__ import annotations

import pytest

from streams.testing import Pipeline
from tests.pipeline.scripts import START, Script

SCENARIOS = {
    "a window ends by itself": """
        define carts: {performed: {event: Cart, within: 1h}}
        send Cart ann
        send Cart bob
        expect carts: ann bob
        wait 30m
        send Cart bob
        wait 29m59s
        expect carts: ann bob
        wait 1s
        expect carts: bob
        told carts: ann+ bob+ ann-
        wait 30m
        expect carts:
        """,
    "a threshold is raised, and lowered again": """
        define buyers: {performed: {event: Bought}}
        send Bought ann
        send Bought ann
        send Bought bob
        expect buyers: ann bob
        define buyers: {performed: {event: Bought, at_least: 2}}
        expect buyers: ann
        told buyers: ann+ bob+ bob-
        send Bought bob
        expect buyers: ann bob
        define buyers: {performed: {event: Bought, at_least: 3}}
        expect buyers:
        define buyers: {performed: {event: Bought}}
        expect buyers: ann bob
        told buyers: bob+ ann- bob- ann+ bob+
        """,
    "a new segment knows the past": """
        send Cart ann @-2h
        send Cart bob @-30m
        define carts: {performed: {event: Cart, within: 1h}}
        expect carts: bob
        rebuilt 2 profiles 2 leaves
        wait 30m
        expect carts:
        """,
    "a longer window reaches back, a shorter one lets out": """
        define carts: {performed: {event: Cart, within: 10m}}
        send Cart ann
        wait 15m
        send Cart bob
        expect carts: bob
        define carts: {performed: {event: Cart, within: 1h}}
        expect carts: ann bob
        define carts: {performed: {event: Cart, within: 5m}}
        expect carts: bob
        wait 5m
        expect carts:
        told carts: ann+ ann- bob+ ann+ ann- bob-
        """,
    "nothing is redone where nothing changed": """
        define carts: {performed: {event: Cart, within: 1h}}
        define buyers: {performed: {event: Bought}}
        send Cart ann
        send Bought ann
        send Cart bob
        rebuilt 0 profiles 0 leaves
        reapply
        rename carts
        rebuilt 0 profiles 0 leaves
        define also-carts: {all: [{performed: {event: Cart, within: 1h}}, {not: {performed: {event: Bought}}}]}
        rebuilt 0 profiles 0 leaves
        expect also-carts: bob
        define carts: {any: [{performed: {event: Cart, within: 1h}}, {performed: {event: Bought}}]}
        rebuilt 0 profiles 0 leaves
        forget buyers
        rebuilt 0 profiles 0 leaves
        forget also-carts
        forget carts
        rebuilt 0 profiles 0 leaves
        """,
    "only what is new is built": """
        define carts: {performed: {event: Cart, within: 1h}}
        define buyers: {performed: {event: Bought}}
        send Cart ann
        send Bought ann
        send Cart bob
        define buyers: {performed: {event: Bought, at_least: 2}}
        rebuilt 2 profiles 1 leaves
        define seen: {trait: {name: plan, exists: true}}
        rebuilt 0 profiles 0 leaves
        """,
    "who is touched meanwhile is built with it, once": """
        define carts: {performed: {event: Cart}}
        send Cart ann
        restart
        define twice: {performed: {event: Cart, at_least: 2}}
        send Cart ann
        rebuilt 1 profiles 1 leaves
        expect twice: ann
        told twice: ann+
        """,
    "edits survive restarts": """
        define carts: {performed: {event: Cart, within: 1h}}
        send Cart ann
        restart
        define carts: {performed: {event: Cart, within: 2h}}
        restart
        wait 1h
        expect carts: ann
        restart
        wait 59m59s
        expect carts: ann
        wait 1s
        expect carts:
        told carts: ann+ ann-
        """,
    "deleting tells everybody out, coming back lets them in": """
        define buyers: {performed: {event: Bought}}
        send Bought ann
        send Bought bob
        forget buyers
        expect buyers:
        told buyers: ann+ bob+ ann- bob-
        send Other ann
        define buyers: {performed: {event: Bought}}
        expect buyers: ann bob
        told buyers: ann+ bob+
        """,
    "a segment of a segment follows its edit": """
        define carts: {performed: {event: Cart}}
        define left: {all: [{in_segment: {id: carts}}, {not: {performed: {event: Bought}}}]}
        send Cart ann
        send Bought bob
        expect left: ann
        define carts: {performed: {event: Cart, at_least: 2}}
        expect left:
        send Cart ann
        expect left: ann
        told left: ann+ ann- ann+
        """,
    "a late event may end one thing and begin another at once": """
        define quiet: {all: [{performed: {event: Cart}}, {not: {performed: {event: Bought, within: 3h}}}]}
        define buyers: {performed: {event: Bought, within: 3h}}
        send Cart ann
        wait 4h
        send Bought ann @-1h
        expect quiet:
        expect buyers: ann
        wait 1h59m59s
        expect quiet:
        wait 1s
        expect quiet: ann
        expect buyers:
        """,
    "a late event beyond its window changes nothing": """
        define buyers: {performed: {event: Bought, within: 3h}}
        send Cart ann
        send Bought ann @-3h
        expect buyers:
        told buyers:
        """,
    "people become one, and the edit sees them so": """
        define twice: {performed: {event: Cart, at_least: 2}}
        send Cart ann
        send Cart bob
        login ann u1
        expect twice:
        login bob u1
        expect twice: ann bob
        define twice: {performed: {event: Cart, at_least: 3}}
        expect twice:
        send Cart bob
        expect twice: ann bob
        """,
    "an edit in the middle of a wait": """
        define idle: {sequence: {steps: [{event: A}, {event: B}], then_not: {event: C, for: 2h}}}
        send A ann
        send B ann
        wait 1h
        define idle: {sequence: {steps: [{event: A}, {event: B}], then_not: {event: C, for: 90m}}}
        expect idle:
        wait 29m59s
        expect idle:
        wait 1s
        expect idle: ann
        define idle: {sequence: {steps: [{event: A}, {event: B}], then_not: {event: C, for: 2h}}}
        expect idle:
        wait 30m
        expect idle: ann
        told idle: ann+ ann- ann+
        """,
}


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, partitions: int) -> None:
    Script(SCENARIOS[name], partitions)


def test_a_template_says_the_computed_trait_as_of_its_own_moment() -> None:
    """One cart when it enters, none when it leaves by time alone; nothing was received in between."""
    pipeline = Pipeline({
        "computed-trait/carts-1h": {
            "kind": "computed-trait", "id": "carts-1h", "function": "count", "event": "Cart", "within": "1h"},
        "segment/carts": {"kind": "segment", "id": "carts", "rule": {"trait": {"name": "carts-1h", "gte": 1}}},
        "campaign/say": {
            "kind": "campaign", "id": "say", "segment": "carts", "trigger": "both", "status": "live",
            "channels": {"email": {"subject": "Carts", "text": "{{ profile.traits['carts-1h'] }}", "purpose": "mail"}}}})
    pipeline.send({"type": "track", "event": "Cart", "userId": "u", "timestamp": START, "context": {
        "traits": {"email": "ann@example.org"}, "consent": {"purposes": {"mail": True}}}}, START)
    pipeline.advance(by=3_600_000)
    sent = [(each.at - START, each.content["text"]) for each in pipeline.activations("email")]
    assert sent == [(0, "1"), (3_600_000, "0")]
