"""Headers of an `http` destination that would break the message, or another's, are faults of the check."""
from __future__ import annotations

from typing import Any

import pytest

from connectors.delivery.reading import SettingsReader, WrongDestination
from connectors.destinations.http.settings import OURS, read_settings


def read(headers: dict[str, Any], **given: Any) -> tuple[tuple[str, str], ...]:
    variables = {"TOKEN": "Bearer x", "BAD": "a\r\nHost: b"}
    settings = {"url": "http://x/", "headers": headers, **given}
    return read_settings(SettingsReader("hook", settings, variables), lambda _: lambda __: b"").headers


@pytest.mark.parametrize(("name", "value"), [
    *((each, "x") for each in sorted(OURS)), ("Content-Length", "5"), ("Transfer-Encoding", "chunked"), ("HOST", "x"),
    ("X A", "x"), ("", "x"), ("X-A\r\nHost", "x"), ("X:", "x"), ("X\u00e9", "x"), ("X-A", "a\r\nHost: b"), ("X-A", "a\nb"),
    ("X-A", "a\x00b"), ("X-A", {"env": "BAD"}), ("X-A", {"env": "NONE"})])
def test_a_header_that_breaks_the_message_is_a_fault(name: str, value: Any) -> None:
    with pytest.raises(WrongDestination) as caught:
        read({name: value, "X-Right": "x"})
    assert [fault.steps for fault in caught.value.wrong] == [("settings", "headers", name)]


def test_others_are_sent_as_they_are() -> None:
    given = {"Authorization": {"env": "TOKEN"}, "X-A": "a\tb", "x_b.c": "caf\u00e9"}
    assert dict(read(given)) == {"Authorization": "Bearer x", "X-A": "a\tb", "x_b.c": "caf\u00e9"}


@pytest.mark.parametrize("url", ["http://a b/", "http://a..b/", f"http://{'a' * 70}/", "http://x/\x00", "http:///x", "http://x:0/"])
def test_an_address_that_cannot_be_looked_up_is_a_fault(url: str) -> None:
    with pytest.raises(WrongDestination, match="url: expected an http or https address"):
        read({}, url=url)


def test_a_media_type_is_on_one_line() -> None:
    with pytest.raises(WrongDestination, match="content_type: expected"):
        read({}, content_type="a/b\x00")
