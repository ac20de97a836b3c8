"""Templates while they are read, and the bounds of the sandbox they run in."""
from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from streams.core.errors import Misconfigured
from streams.definitions import build
from streams.definitions.sandbox import Sandbox, TooLong


def campaign(text: str) -> dict[str, Any]:
    return {"segment/s": {"kind": "segment", "id": "s", "rule": {"everyone": {}}}, "campaign/c": {
        "kind": "campaign", "id": "c", "segment": "s", "trigger": "entered",
        "channels": {"sms": {"text": text, "purpose": "mail"}}}}


@pytest.mark.parametrize("text", [
    "{{ " + "(" * 500 + "1" + ")" * 500 + " }}", "{{ 1" + " + 1" * 5_000 + " }}", "{% if 1 %}" * 200 + "{% endif %}" * 200])
def test_a_template_nested_too_deeply_is_a_fault(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"channels\.sms\.text is nested too deeply; expected valid Jinja"):
        build(campaign(text), 1, {})


@pytest.mark.parametrize("text", ["{{ '*' * 30000000 }}", "{{ '*' | center(30000000) }}", "{{ '%30000000d' % 1 }}"])
def test_nothing_is_computed_while_a_template_is_read(text: str) -> None:
    tracemalloc.start()
    try:
        build(campaign(text), 1, {})
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", [
    "{{ '*' | center(n) }}", "{{ '*'.center(n) }}", "{{ '*' | indent(n, true) }}", "{{ [1] | tojson(indent=n) }}",
    "{{ [1] | slice(n) | list }}", "{{ '%2000d' % n }}", "{{ '%*d' % (n, 1) }}", "{{ '%2000d' | format(n) }}",
    "{{ '{:>2000}'.format(n) }}", "{{ '{:>{}}'.format(1, n) }}", "{{ range(9) | join('*' * n) }}",
    "{{ ('*' * n).join(['', '']) }}",
    "{{ 'a' | replace('a', '*' * n) }}", "{{ 'a'.replace('a', '*' * n) }}", "{{ 'a'.translate({97: '*' * n}) }}",
    "{{ (n ** 64) ** 64 }}", "{% set s = namespace(t=n) %}{% for i in range(20) %}{% set s.t = s.t * s.t %}{% endfor %}"])
def test_no_value_makes_a_text_much_longer_than_it_is(text: str) -> None:
    sandbox = Sandbox()
    with pytest.raises(TooLong):
        sandbox.said(sandbox.from_string(text), {"n": 1_001})


@pytest.mark.parametrize(("text", "said"), [
    ("{{ 'a' | center(5) }}|{{ 'a'.rjust(3) }}", "  a  |  a"),
    ("{{ '%05.2f' % 1.5 }} {{ '%d%%' | format(40) }}", "01.50 40%"),
    ("{{ '{:>5}'.format('x') }}{{ '{:,}'.format(1234567) }}", "    x1,234,567"),
    ("{{ '1, 2'.split(', ') | join(' and ') }}", "1 and 2"),
    ("{{ [1, 2, 3] | batch(2) | list }}", "[[1, 2], [3]]"),
    ("{{ id | default(31612345678) }}", "31612345678"),
    ("{{ 'a-b'.replace('-', ' ') }} {{ 'a' | replace('a', 'b') }}", "a b b"),
    ("{{ 2 ** 64 * 3 }} {{ 7 % 4 }}", "55340232221128654848 3"),
    ("{{ ('x' * 1800) | truncate(1500) | length }}", "1500"),
])
def test_ordinary_templates_say_what_they_say(text: str, said: str) -> None:
    sandbox = Sandbox()
    assert sandbox.said(sandbox.from_string(text), {}) == said
