"""What Twilio and partners say, with the examples of those who wrote the rules of signing."""
from __future__ import annotations

import pytest

from connectors.delivery.reading import SettingsReader, WrongDestination
from connectors.destinations.twilio import read_settings
from connectors.destinations.twilio.mapping import form_of
from connectors.sources.feedback import Reason
from connectors.sources.feedback.twilio import is_signed, read_callback
from connectors.sources.feedback.webhooks import is_signed as is_signed_webhook
from tests.connectors.recording import activation

AT = 1_614_265_330_000


def test_twilios_own_example_of_a_signature() -> None:
    fields = [("CallSid", "CA1234567890ABCDE"), ("Digits", "1234"), ("From", "+14158675309"), ("To", "+18005551212"),
              ("Caller", "+14158675309")]
    url, signature = "https://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert is_signed(url, fields, signature, "12345")
    assert not is_signed(url, fields, signature, "12346") and not is_signed(url, fields[1:], signature, "12345")


@pytest.mark.parametrize(("fields", "said"), [
    ({"Body": " Stop\n", "From": "+15005550001"}, ("phone:+15005550001", Reason.UNSUBSCRIBED)),
    ({"Body": "arrêt", "OptOutType": "STOP", "From": "+15005550001"}, ("phone:+15005550001", Reason.UNSUBSCRIBED)),
    ({"Body": "please stop by", "From": "+15005550001"}, None),
    ({"Body": "STOP", "From": "SHOP"}, None),
    ({"MessageStatus": "failed", "ErrorCode": "21610", "To": "+15005550002"}, ("phone:+15005550002", Reason.UNSUBSCRIBED)),
    ({"MessageStatus": "undelivered", "ErrorCode": "30005", "To": "+15005550002"}, ("phone:+15005550002", Reason.BOUNCED)),
    ({"MessageStatus": "undelivered", "ErrorCode": "30003", "To": "+15005550002"}, None),
    ({"MessageStatus": "delivered", "To": "+15005550002"}, None)])
def test_twilios_callbacks(fields: dict[str, str], said: tuple[str, Reason] | None) -> None:
    found = read_callback(list(fields.items()))
    assert (found and (found.identifier, found.reason)) == said


def test_twilio_is_asked_to_report_where_the_destination_says() -> None:
    settings = read_settings(SettingsReader("texts", {
        "provider": "twilio", "account": "AC1", "token": {"env": "TWILIO"}, "sender": "+1500",
        "callback": "https://shop.example/twilio/texts"}, {"TWILIO": "t"}))
    form = form_of(activation(1, identifier="phone:+1500", content={"text": "Hi"}), settings.sender, settings.callback)
    assert isinstance(form, dict) and form["StatusCallback"] == "https://shop.example/twilio/texts"


@pytest.mark.parametrize(("written", "is_right"), [
    ("whsec_", False), ("whsec_eA==", False), ("whsec_!", False), ("s", False), ("x" * 15, False), ("x" * 16, True),
    ("whsec_" + "eHh4" * 6, True)])
def test_a_key_that_can_be_guessed_signs_nothing(written: str, is_right: bool) -> None:
    reading = SettingsReader("partner", {"secret": {"env": "KEY"}}, {"KEY": written})
    reading.signing_key("secret")
    if is_right:
        return reading.finish()
    with pytest.raises(WrongDestination, match="secret: expected"):
        reading.finish()
    return None


def test_the_example_of_the_standard_webhooks() -> None:
    headers = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
               "webhook-signature": "v1,xx v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}
    reading = SettingsReader("partner", {"secret": {"env": "KEY"}}, {"KEY": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
    key, body = reading.signing_key("secret"), b'{"test": 2432232314}'
    assert is_signed_webhook(headers, body, key, AT)
    assert not is_signed_webhook(headers, body + b" ", key, AT)
    assert not is_signed_webhook(headers, body, key, AT + 301_000)
    assert not is_signed_webhook({}, body, key, AT)
