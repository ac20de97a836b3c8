"""What messages say, and what happens to one that cannot be said; the button on thousands of people."""
from __future__ import annotations

from typing import Any

import orjson
import pytest

from schemas.codec import Codec
from streams.core.outputs import Unrenderable
from streams.core.segments.plan import compile_plan
from streams.definitions import build
from streams.runtime.kafka.declared import LARGEST_RECORD
from streams.task.outputs import AvroSink
from streams.task.revisions import regex
from streams.topology import MIB
from streams.unit import Inbound
from tests.pipeline.test_campaigns import DAY, START, Person, campaign, reasons, sent, world

SMS = {"sms": {"text": "Ready: {{ event.properties.n }} €", "purpose": "mail"}}
DIVIDING = {"email": {"subject": "Hello", "text": "{{ 6 // event.properties.n }}", "purpose": "mail"}}


def test_a_text_message_says_its_length_and_segments() -> None:
    pipeline = world(campaign("c", channels=SMS))
    person = Person(pipeline)
    person.becomes(fan=True, phone="+31612345678")
    person.orders(7)
    [activation] = pipeline.activations("sms")
    assert activation.content == {"text": "Ready: 7 €", "encoding": "gsm-7", "length": 11, "segments": 1}


def test_a_message_that_cannot_be_rendered_is_a_dead_letter_and_no_other_is() -> None:
    pipeline = world(campaign("c", channels=DIVIDING, cap={"at_most": 2, "per": "1d"}))
    person = Person(pipeline)
    person.becomes(fan=True)
    for n in (3, 0, 2, 1):
        person.orders(n)
    assert sent(pipeline) == ["2", "3"]
    [(record, reason)] = pipeline.rejected
    assert reason == "text cannot be rendered: ZeroDivisionError"
    assert (record.topic, record.offset) == ("activations.email", -1)
    assert orjson.loads(record.value or b"")["campaign_id"] == "c"
    assert not reasons(pipeline)
    pipeline.advance(by=DAY)
    assert sent(pipeline) == ["2", "3", "6"]


@pytest.mark.parametrize(("text", "n", "fault"), [
    ("{{ '*' * event.properties.n }}", 10**12, "TooLong"),
    ("{{ event.properties.n * [1] }}", 10**12, "TooLong"),
    ("{{ event.properties.n ** event.properties.n }}", 10**9, "TooLong"),
    ("{% for i in range(event.properties.n) %}x{% endfor %}", 10**8, "TooLong"),
    ("{{ event.properties.n }}" * 50, "x" * 100_000, "TooLong"),
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 1, "RecursionError"),
    ("{% for i in range(n) %}{% for j in range(n) %}{% endfor %}{% endfor %}", 1_000, "TooLong"),
    ("{% for i in range(n) %}{% for j in range(n) if false %}{% endfor %}{% endfor %}", 1_000, "TooLong"),
    ("{% for i in range(n) recursive %}{{ loop(range(1000)) if loop.depth < 3 }}{% endfor %}", 10, "TooLong"),
    ("{% set all = range(n) | list %}{% for i in all %}{{ '' if all | sum }}{% endfor %}", 1_000, "TooLong"),
    ("{% macro m(n) %}{{ m(n - 1) ~ m(n - 1) if n }}{% endmacro %}{{ m(n) }}", 30, "TooLong"),
    ("{% set s = namespace(t='x') %}{% for i in range(n) %}{% set s.t = s.t ~ s.t %}{% endfor %}", 60, "TooLong"),
    ("{% set s = namespace(t='x') %}{% for i in range(n) %}{% set s.t = s.t + s.t %}{% endfor %}", 60, "TooLong"),
    ("{{ event.properties.update(a=1) }}", 1, "SecurityError"),
])
def test_what_people_send_makes_no_template_of_a_marketer_take_the_worker_with_it(text: str, n: Any, fault: str) -> None:
    text = text.replace("range(n)", "range(event.properties.n)").replace("{{ m(n) }}", "{{ m(event.properties.n) }}")
    pipeline = world(campaign("c", channels={"email": {"subject": "Hello", "text": text, "purpose": "mail"}}))
    person = Person(pipeline)
    person.becomes(fan=True)
    person.orders(n)
    assert not sent(pipeline)
    assert [reason for _, reason in pipeline.rejected] == [f"text cannot be rendered: {fault}"]


def test_ordinary_arithmetic_is_as_ever() -> None:
    text = ("{{ '*' * event.properties.n }} {{ 3 * event.properties.n }} {{ 2 ** 10 }} {{ range(3) | join }} {{ 1.5 * 2 }}"
            "{% for i in range(9) if i is odd %} {{ loop.index ~ '/' ~ loop.length }}{{ ',' if not loop.last }}{% endfor %}"
            "{% for k, v in {'a': '<'}.items() %} {{ k + v | e }}{% else %}none{% endfor %}")
    pipeline = world(campaign("c", channels={"email": {"subject": "Hello", "text": text, "purpose": "mail"}}))
    person = Person(pipeline)
    person.becomes(fan=True)
    person.orders(5)
    assert sent(pipeline) == ["***** 15 1024 012 3.0 1/4, 2/4, 3/4, 4/4 a&lt;"]


def test_the_dead_letter_of_a_message_is_a_record_of_its_topic() -> None:
    message = Unrenderable("c", "email", "pid", "text cannot be rendered: KeyError", "because", 5)
    [record] = AvroSink(Codec(), "1").records([message], compile_plan(build({}, 1, {}), regex), 5)
    assert record.topic == "dead-letters"
    letter = Codec().decode("dead_letter", record.value or b"")
    assert (letter["stage"], letter["reason"], letter["key"]) == ("render", message.reason, b"pid")


def test_the_button_activates_5000_present_members_once_each_whatever_is_pressed_then() -> None:
    documents: dict[str, Any] = campaign("c", trigger="entered", status="paused", channels={
        "display": {"audience": "x", "purpose": "mail"},
        "email": {"subject": "Hello", "text": "Hi", "purpose": "mail"}})
    pipeline = world(documents, partitions=4)
    for number in range(5_000):
        pipeline.send({"type": "identify", "anonymousId": f"c{number}", "messageId": f"m{number}", "traits": {
            "fan": True, "email": f"p{number}@example.org"}, "context": {"consent": {"purposes": {"mail": True}}}})
    assert not pipeline.activations()
    for state in ("live", "paused", "live"):
        pipeline.activate("c", state)
    for channel in ("display", "email"):
        reached = [activation.identifier for activation in pipeline.activations(channel)]
        assert len(reached) == len(set(reached)) == 5_000


def test_a_computed_trait_is_known_by_its_name_with_an_underscore_for_each_hyphen() -> None:
    email = {"subject": "{{ orders_so_far }}", "text": "{{ profile.traits['orders-so-far'] }}", "purpose": "mail"}
    pipeline = world(campaign("c", channels={"email": email}), {"computed-trait/orders-so-far": {
        "kind": "computed-trait", "id": "orders-so-far", "function": "count", "event": "Order Completed"}})
    person = Person(pipeline)
    person.becomes(fan=True)
    person.orders()
    person.becomes(orders_so_far="stated")
    person.orders()
    told = [(each.content["subject"], each.content["text"]) for each in pipeline.activations("email")]
    assert told == [("1", "1"), ("stated", "2")]


def test_all_traits_are_known_as_traits_and_a_trait_of_that_name_is_itself() -> None:
    email = {"subject": "{{ traits['fan'] }} {{ traits.no.such | default('none') }}", "text": "{{ profile.traits['fan'] }}",
             "purpose": "mail"}
    pipeline = world(campaign("c", trigger="entered", channels={"email": email}))
    Person(pipeline).becomes(fan=True)
    Person(pipeline, "other").becomes(fan=True, traits={"fan": "theirs"})
    told = [(each.content["subject"], each.content["text"]) for each in pipeline.activations("email")]
    assert told == [("True none", "True"), ("theirs none", "True")]


@pytest.mark.parametrize(("letter", "is_sent"), [("\x01", False), ("\u0105", True), ("x", True)])
def test_l10_all_fields_together_fit_into_a_record(letter: str, is_sent: bool) -> None:
    """Each has its bound; three of control characters, which take six bytes in JSON, were 9 MB, and ended every worker."""
    fields = dict.fromkeys(("subject", "html", "text"), "{{ bio }}" * 3)
    pipeline = world(campaign("c", trigger="entered", channels={"email": fields | {"purpose": "mail"}}))
    Person(pipeline).becomes(fan=True, bio=letter * 166_000)
    written = AvroSink(Codec(), "test").records(pipeline.activations("email"), pipeline.plan, pipeline.now)
    assert [len(record.value or b"") < LARGEST_RECORD for record in written] == [True] * is_sent
    assert [reason for _, reason in pipeline.rejected] == ["all fields together are longer than 4 MiB"] * (not is_sent)


def test_l10_a_dead_letter_fits_into_a_record_whatever_it_is_of() -> None:
    """Topics that others are not to write to take as much as a record holds."""
    for size in (7, 8):
        record = Inbound("definitions", 0, 5, b"key", bytes(size * MIB - 1_000), START, (("from", b"here"),))
        [sent] = AvroSink(Codec(), "test").dead_letter(record, "why", "events", START)
        found = Codec().decode("dead_letter", sent.value or b"")
        assert len(sent.value or b"") < LARGEST_RECORD and found["offset"] == 5
        assert (found["value"], found["reason"]) == (
            (record.value, "why") if size == 7 else (None, "why; its 8,387,619 bytes are too many to be kept"))
