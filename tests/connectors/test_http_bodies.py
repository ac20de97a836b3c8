"""Bodies of the webhook: a template that has no end refuses its own activation, and the next one is rendered."""
from __future__ import annotations

import pytest

from connectors.delivery import Refused
from connectors.destinations.http.mapping import body_of
from streams.definitions.bodies import compiled
from tests.connectors.recording import activation


@pytest.mark.parametrize("endless", [
    "{% for i in range(10 ** 9) %}x{% endfor %}",
    "{% for i in range(10000) %}{% for j in range(10000) %}{% endfor %}{% endfor %}",
    "{% set all = range(10000) | list %}{% for i in all %}{{ '' if all | sum }}{% endfor %}",
    "{{ '*' * 10 ** 9 }}",
])
def test_a_body_without_end_refuses_that_one_and_no_other(endless: str) -> None:
    body = compiled("{% if content.subject is defined %}{{ content.subject }}{% else %}" + endless + "{% endif %}")
    assert body_of(activation(0, content={}), body) == Refused(why="the body cannot be rendered: TooLong")
    assert body_of(activation(1), body) == b"Hi"


def test_a_body_may_be_as_long_as_its_message() -> None:
    body = compiled("{{ content | tojson }}")
    found = body_of(activation(0, content={"html": "<" * 500_000, "text": "t" * 500_000}), body)
    assert isinstance(found, bytes) and len(found) > 3_000_000


def test_what_is_missing_refuses_unless_the_template_says_what_stands_for_it() -> None:
    none = activation(0, content={})
    assert body_of(none, compiled("{{ content.subject }}")) == Refused(why="the body cannot be rendered: UndefinedError")
    assert body_of(none, compiled("{{ content.subject | default('none') }}")) == b"none"
