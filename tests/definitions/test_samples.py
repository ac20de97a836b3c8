"""Templates are tried on the campaign's samples before anybody gets them."""
from __future__ import annotations

from typing import Any

import pytest

from streams.core.errors import Misconfigured
from streams.definitions import build

SAMPLES = [{"traits": {"first_name": "Ann"}, "event": {"name": "A", "properties": {"n": 2}}}, {"traits": {}}]


def built(text: str, documents: dict[str, Any] | None = None, **fields: Any) -> Any:
    return build((documents or {}) | {
        "segment/all": {"kind": "segment", "id": "all", "rule": {"everyone": {}}},
        "campaign/c": {"kind": "campaign", "id": "c", "segment": "all",
                       "channels": {"sms": {"text": text, "purpose": "p"}}} | fields,
    }, 1, {})


def faults(text: str, **fields: Any) -> str:
    with pytest.raises(Misconfigured) as refused:
        built(text, **fields)
    return str(refused.value)


def test_what_renders_for_every_sample_is_taken() -> None:
    text = "Hi {{ first_name | default('there') }}, {{ 6 // (event.properties.n | default(1)) }} {{ profile.id }}"
    assert built(text, samples=SAMPLES).campaigns[0].channels[0].content == (("text", text),)


def test_a_template_that_fails_on_a_sample_is_refused_with_its_number() -> None:
    said = faults("{{ 6 // event.properties.n }}", samples=SAMPLES)
    assert "channels.sms.text cannot be rendered for sample 2 (UndefinedError)" in said
    assert "sample 1" not in said


def test_a_variants_own_template_is_tried_too() -> None:
    split = {"control": 50, "variants": [{"id": "a", "percent": 50, "channels": {"sms": {"text": "{{ 1 // 0 }}"}}}]}
    assert "sample 1 (ZeroDivisionError)" in faults("fine", samples=SAMPLES, split=split)


def test_without_samples_only_what_fails_for_everybody_is_refused() -> None:
    assert built("{{ 6 // event.properties.n }}").campaigns
    assert "is no Jinja template (No filter named 'shout'" in faults("{{ first_name | shout }}")


@pytest.mark.parametrize(
    "text", ["{{ cart-total }}", "{{ cart-total | default(0) | round }}", "{% if 3 > cart-total %}a{% endif %}"])
def test_a_computed_trait_that_jinja_takes_for_a_subtraction_is_refused_with_what_to_write(text: str) -> None:
    def computed(name: str) -> Any:
        return built(text, documents={f"computed-trait/{name}": {
            "kind": "computed-trait", "id": name, "function": "count", "event": "Cart"}})

    with pytest.raises(Misconfigured) as refused:
        computed("cart-total")
    said = "channels.sms.text has cart-total, which Jinja reads as a subtraction; expected cart_total"
    assert str(refused.value).count(said) == 1
    assert computed("total-cart").campaigns
