"""Settings of an `smtp` destination that can never send are faults: else everybody would be refused for them."""
from __future__ import annotations

from typing import Any

import pytest

from connectors.delivery.reading import SettingsReader, WrongDestination
from connectors.destinations.smtp import read_settings
from connectors.destinations.smtp.mapping import message_of
from tests.connectors.recording import activation

GIVEN = {"host": "mx.example.com", "sender": "Shop <news@example.com>"}
WRONG = {
    "sender": ("", "news@", "@example.com", "a b@example.com", "Shop news@example.com", "Shop <news@ex\u00e4mple.com>",
               "n\u00ebws@example.com", "<news@example.com>, other@example.com", "Shop <news@exa mple.com>",
               "Shop@Home <news@example.com>", "Shop <news@example.com> x", "news@example..com", "news@example.com.",
               "Shop, Inc. <news@example.com>", "all: news@example.com;", "news@" + "x" * 300, "<>"),
    "host": ("", "a..b", ".a", "x" * 300 + ".com", "exa mple", "mx.example.com:25", "smtp://mx.example.com", "a\x00b"),
    "unsubscribe_url": ("http://example.com/", "https://", "https://example.com/\u00fc?t=", "https://example.com/ ?t=",
                        "https://example.com/>, <https://other.example/", "https://[x/", "https://example.com:99999/"),
    "unsubscribe_mailto": ("out", "out@example.com?subject=x", "out@example.com>, <https://other.example", "\u00fc@x.com")}


@pytest.mark.parametrize(("name", "value"), [(name, each) for name, values in WRONG.items() for each in values])
def test_what_can_never_send_is_a_fault(name: str, value: str) -> None:
    with pytest.raises(WrongDestination) as caught:
        read_settings(SettingsReader("mail", {**GIVEN, name: value}, {}))
    assert [fault.steps for fault in caught.value.wrong] == [("settings", name)]


@pytest.mark.parametrize("given", [
    *({"sender": each} for each in (
        "news@example.com", "<news@example.com>", "Shop<news@example.com>", "K\u00e4se <news@example.com>",
        '"Shop, Inc. @Home" <news@example.com>', "Shop Inc. <news@example.com>", "O'Hara & S\u00f6hne GmbH <n@b.example>",
        "news@example.com (we)", "news@localhost")),
    *({"host": each} for each in ("localhost", "mail_server", "127.0.0.1", "::1", "m\u00fcx.example", "mx.example.com.")),
    {"unsubscribe_url": "https://example.com:8443/u?a=1&t=", "unsubscribe_mailto": "out+x@example.com"},
    {"unsubscribe_url": "", "unsubscribe_mailto": ""}])
def test_what_can_send_is_none_and_makes_a_message(given: dict[str, Any]) -> None:
    settings = read_settings(SettingsReader("mail", {**GIVEN, **given}, {}))
    message = message_of(activation(1, content={"subject": "s", "text": "t"}), settings)
    assert b"\r\nFrom: " in message.as_bytes() and settings.address in str(message["From"])  # type: ignore[union-attr,index]


@pytest.mark.parametrize(("key", "is_right"), [("", False), ("k", False), ("x" * 15, False), ("x" * 16, True)])
def test_a_key_that_can_be_guessed_seals_nothing(key: str, is_right: bool) -> None:
    given = {**GIVEN, "unsubscribe_key": {"env": "SEAL"}}
    if is_right:
        assert read_settings(SettingsReader("mail", given, {"SEAL": key})).seal is not None
        return
    with pytest.raises(WrongDestination, match="that is set" if not key else "16 characters or more") as caught:
        read_settings(SettingsReader("mail", given, {"SEAL": key}))
    assert all(fault.is_secret for fault in caught.value.wrong)


def test_what_stands_in_variables_elsewhere_is_not_asked() -> None:
    read_settings(SettingsReader("mail", {name: {"env": "X"} for name in (*WRONG, "unsubscribe_key")}, None))
