"""Google's Customer Match: its own examples of formatting, and a local server that speaks as its documentation does."""
from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from aiohttp import web

from connectors.delivery import Activation, Deferred, Delivered, Refused
from connectors.delivery.asking import Response
from connectors.delivery.listing import Member
from connectors.delivery.reading import SettingsReader
from connectors.destinations.google_customer_match import GoogleConnector, read_settings
from connectors.destinations.google_customer_match.mapping import body_of, identifier_of, member_of, read_answer
from streams.core.errors import Misconfigured
from tests.connectors.platforms import Platform, changes, left_in, played
from tests.connectors.recording import Log, activation

FORMATTING = "developers.google.com/data-manager/api/devguides/concepts/formatting"
CLOUDY = "223ebda6f6889b1494551ba902d9d381daf2f642bae055888e96343d53e9f9c4"
USER = "f109a2a632fbcea5fc82049f50beed3d8621bf9034399f437fb622222acccdac"
PHONE = "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"
"""`printf cloudysanfrancisco@gmail.com | sha256sum`, `user.name+nyc@example.com`, `+18005550100`."""
GIVEN: dict[str, Any] = {
    "account": 1234567890, "login_account": "9876543210", "lists": {"cart": 777}, "terms": "accepted",
    "client_id": {"env": "ID"}, "client_secret": {"env": "SECRET"}, "refresh_token": {"env": "REFRESH"}}
VARIABLES = {"ID": "id.apps.googleusercontent.com", "SECRET": "GOCSPX-s", "REFRESH": "1//r"}


@pytest.mark.parametrize(("identifier", "field", "expected", "_source"), [
    ("email:cloudy.sanfrancisco+shopping@gmail.com", "emailAddress", CLOUDY, FORMATTING + ": its example"),
    ("email: Cloudy.SanFrancisco@GMAIL.com ", "emailAddress", CLOUDY, "lower case; white space goes"),
    ("email:cloudy san francisco@gmail.com", "emailAddress", CLOUDY, "white space inside goes"),
    ("email:user.name+NYC@Example.com", "emailAddress", USER, FORMATTING + ": its example"),
    ("phone:+18005550100", "phoneNumber", PHONE, FORMATTING + ": (800)555-0100 is +18005550100"),
    ("phone: +18005550100 ", "phoneNumber", PHONE, "white space around goes"),
])
def test_hashes(identifier: str, field: str, expected: str, _source: str) -> None:
    assert identifier_of(identifier) == {field: expected}


def test_the_other_domain_of_gmail_has_the_same_rules_and_stays_another() -> None:
    assert identifier_of("email:a.b+c@googlemail.com") == identifier_of("email:ab@googlemail.com")
    assert identifier_of("email:ab@googlemail.com") != identifier_of("email:ab@gmail.com")


@pytest.mark.parametrize("identifier", ["cookie:c", "email:nobody", "phone:18005550100", "phone:+1800555O100"])
def test_nothing_else_is_told(identifier: str) -> None:
    assert isinstance(identifier_of(identifier), Refused)


def digest(identifier: str) -> str:
    found = identifier_of(identifier)
    assert not isinstance(found, Refused)
    return next(iter(found.values()))


BAD = {digest("email:7@example.org"), digest("email:20@example.org")}


async def google(platform: Platform, request: web.Request) -> web.Response:
    """The token endpoint, and both methods of v1/audienceMembers. A member of `BAD` fails its whole request."""
    if request.path == "/token":
        form = dict(await request.post())
        assert form == {"grant_type": "refresh_token", "client_id": VARIABLES["ID"],
                        "client_secret": "GOCSPX-s", "refresh_token": "1//r"}
        platform.seen.append("token")
        return web.json_response({"access_token": f"ya29.{len(platform.seen)}", "expires_in": 3599, "token_type": "Bearer"})
    assert request.headers["Authorization"].startswith("Bearer ya29.")
    body = orjson.loads(await request.read())
    (target,) = body["destinations"]
    assert target["operatingAccount"] == {"accountType": "GOOGLE_ADS", "accountId": "1234567890"}
    assert target["loginAccount"]["accountId"] == "9876543210" and body["encoding"] == "HEX"
    is_addition = request.path == "/v1/audienceMembers:ingest"
    assert is_addition or request.path == "/v1/audienceMembers:remove"
    assert ("consent" in body) == ("termsOfService" in body) == is_addition
    values = [value for member in body["audienceMembers"] for user in member["userData"]["userIdentifiers"]
              for value in user.values()]
    platform.seen.append((request.path, values))
    for place, value in enumerate(values):
        if value in BAD:
            return refusal(f"audience_members.audience_members[{place}].user_data")
    platform.change(target["productDestinationId"], values, is_addition=is_addition)
    return web.json_response({"requestId": f"r{len(platform.seen)}"})


def google_error(code: int, status: str, *details: Any) -> web.Response:
    error = {"code": code, "message": "about 1@example.org", "status": status, "details": details}
    return web.json_response({"error": error}, status=code)


def refusal(field: str) -> web.Response:
    return google_error(400, "INVALID_ARGUMENT", {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": field, "description": "1@example.org"}]})


async def play(activations: Sequence[Activation], faults: Sequence[web.Response | None] = (), hangs: float = 0,
               crashes: int = 0, patience: float = 10) -> tuple[Platform, Log]:
    def made(url: str) -> GoogleConnector:
        given = {**GIVEN, "url": url, "token_url": f"{url}/token", "timeout": patience}
        return GoogleConnector(read_settings(SettingsReader("google", given, VARIABLES)))

    platform = Platform(google, list(faults), hangs=hangs)
    return platform, await played(platform, made, activations, crashes)


def expected(activations: Sequence[Activation]) -> set[str]:
    return {digest(identifier) for identifier in left_in(activations)} - BAD


@pytest.mark.parametrize("namespace", ["email", "phone"])
def test_adds_and_removes_in_few_requests_signed_in_once(namespace: str) -> None:
    told = tuple(each for each in changes(namespace) if digest(each.identifier) not in BAD)
    platform, log = asyncio.run(play(told))
    assert platform.members["777"] == expected(told) and len(platform.seen) <= 5 and platform.seen.count("token") == 1
    assert log.final(Delivered) == {each.activation_id: 1 for each in told}
    assert all(isinstance(d.outcome, Delivered) and d.outcome.reference for d in log.deliveries)


def test_who_fails_a_request_is_found_and_refused_alone() -> None:
    platform, log = asyncio.run(play(changes()))
    refused = {each.activation_id for each in changes() if digest(each.identifier) in BAD}
    assert set(log.final(Refused)) == refused and platform.members["777"] == expected(changes())
    assert len(log.final(Delivered)) == len(changes()) - len(refused) and len(platform.seen) < 50


SOON = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.01s"}


@pytest.mark.parametrize("faults", [
    [web.Response(status=500), web.Response(status=503), google_error(500, "INTERNAL")],
    [google_error(429, "RESOURCE_EXHAUSTED", SOON), google_error(503, "UNAVAILABLE")],
    [web.json_response({"error": "invalid_grant"}, status=400), web.json_response({"access_token": "ya29.x"})],
    [google_error(403, "PERMISSION_DENIED"), refusal("destinations[0].product_destination_id")],
    [web.Response(text="<html>a proxy's page</html>"), web.Response(text="[]"), web.json_response({"requestId": 7})],
    [None, web.Response(status=500), None], [None, None, None, None],
], ids=["500", "limits", "signing in", "operator", "nonsense", "cut", "breaker"])
def test_through_every_fault_nobody_is_lost_left_or_told_of(
    faults: list[web.Response | None], caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    platform, log = asyncio.run(play(changes(), faults))
    assert platform.members["777"] == expected(changes()) and not platform.faults
    assert len(log.final(Delivered)) + len(log.final(Refused)) == len(changes()) and log.final(Deferred)
    told = caplog.text + repr([delivery.outcome for delivery in log.deliveries])
    assert not [secret for secret in ("example.org", "ya29", "GOCSPX", "1//r") if secret in told]


@pytest.mark.parametrize(("status", "to_mend"), [(400, True), (401, True), (403, True), (500, False)])
def test_a_token_that_is_withdrawn_is_the_operators_to_mend(status: int, to_mend: bool) -> None:
    _, log = asyncio.run(play(changes(people=1), [web.json_response({"error": "invalid_grant"}, status=status)]))
    first = next(d.outcome for d in log.deliveries)
    assert first == Deferred(why="signing in to Google: invalid_grant", to_mend=to_mend)


def test_a_token_that_is_not_taken_any_more_is_renewed() -> None:
    good = [each for each in changes(people=6) if each.change == "entered"][:6]
    told = [web.json_response({"access_token": "ya29.old", "expires_in": 3599}), google_error(401, "UNAUTHENTICATED")]
    platform, log = asyncio.run(play(good, told))
    assert platform.seen.count("token") == 1 and platform.members["777"] == expected(good)
    assert {d.outcome for d in log.deliveries if isinstance(d.outcome, Deferred)} == {Deferred(why="Google UNAUTHENTICATED")}


def test_a_token_is_renewed_before_it_ends() -> None:
    async def ask_twice() -> Platform:
        async with Platform(google) as platform:
            given = {**GIVEN, "url": platform.url, "token_url": f"{platform.url}/token"}
            connector = GoogleConnector(read_settings(SettingsReader("google", given, VARIABLES)))
            for at in (0, 3_538_000, 3_540_000):
                await connector.deliver(changes()[:1], at)
            await connector.close()
            return platform

    assert [each if each == "token" else "asked" for each in asyncio.run(ask_twice()).seen] == [
        "token", "asked", "asked", "token", "asked"]


def test_silence_is_left_after_the_timeout_and_asked_again() -> None:
    platform, log = asyncio.run(play(changes(), [None], hangs=5, patience=0.3))
    assert platform.members["777"] == expected(changes())
    assert {d.outcome for d in log.deliveries if isinstance(d.outcome, Deferred)} >= {Deferred(why="no answer within 0.3 s")}


def test_killed_between_delivery_and_outcome_the_same_people_come_again() -> None:
    good = tuple(each for each in changes(people=6) if each.change == "entered")[:6]
    platform, log = asyncio.run(play(good, crashes=2))
    asked = [each for each in platform.seen if each != "token"]
    assert len(asked) == 3 and asked[0] == asked[1] == asked[2]
    assert platform.members["777"] == expected(good) and len(log.final(Delivered)) == 6


def quota(name: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED",
            "metadata": {"quota_limit": name}}


def answer(status: int, *details: Any, name: str = "RESOURCE_EXHAUSTED", **headers: str) -> Response:
    return Response(status=status, headers=headers,
                  body=orjson.dumps({"error": {"code": status, "status": name, "details": details}}))


@pytest.mark.parametrize(("given", "count", "outcome"), [
    (Response(status=200, headers={}, body=b'{"requestId": "r"}'), 3, Delivered(reference="r")),
    (Response(status=200, headers={}, body=b"{}"), 3, Deferred(why="HTTP 200, and not Google's answer")),
    (answer(429, {"retryDelay": "3.5s"}), 3, Deferred(why="Google RESOURCE_EXHAUSTED", until=4_500)),
    (answer(429, quota("IngestionMutateRequestsPerMinutePerProject")), 3,
     Deferred(why="Google RESOURCE_EXHAUSTED", until=61_000)),
    (answer(429, quota("IngestionMutateRequestsPerDayPerProject")), 3,
     Deferred(why="Google RESOURCE_EXHAUSTED", until=3_601_000)),
    (answer(429, **{"Retry-After": "2"}), 3, Deferred(why="Google RESOURCE_EXHAUSTED", until=3_000)),
    (answer(429, {"retryDelay": "soon"}, None, 7), 3, Deferred(why="Google RESOURCE_EXHAUSTED")),
    (answer(400, {"fieldViolations": [{"field": "audienceMembers[2].userData"}]}), 3, None),
    (answer(400, {"fieldViolations": [{"field": "audience_members[0]"}]}), 1,
     Refused(why="Google does not take this value")),
    (answer(400, {"fieldViolations": [{"field": "destinations[0]"}, 7]}, name="INVALID_ARGUMENT"), 3,
     Deferred(why="Google INVALID_ARGUMENT", to_mend=True)),
    (answer(404, name="NOT_FOUND"), 3, Deferred(why="Google NOT_FOUND", to_mend=True)),
    (Response(status=404, headers={}, body=b"{}"), 3, Deferred(why="HTTP 404, and not Google's answer", to_mend=True)),
    (answer(418, name="a b"), 3, Deferred(why="HTTP 418")),
])
def test_answers(given: Response, count: int, outcome: Any) -> None:
    assert read_answer(given, count, 1_000) == outcome


def test_only_changes_of_known_audiences_are_told_and_additions_only_for_advertising() -> None:
    good: dict[str, Any] = {"change": "entered", "content": {"audience": "cart"}, "purpose": "personalised-ads"}
    for given in ({"change": "message"}, {"content": {"audience": "other"}}, {"purpose": "email-marketing"}):
        assert isinstance(member_of(activation(1, **{**good, **given}), {"cart": "1"}), Refused)
    away = member_of(activation(1, **{**good, "change": "exited", "purpose": "email-marketing"}), {"cart": "1"})
    assert isinstance(away, Member) and set(body_of([away], "5", "")) == {"destinations", "encoding", "audienceMembers"}


def test_an_addition_names_nobody_and_says_who_agreed() -> None:
    member = member_of(activation(1, identifier="email:user.name+NYC@Example.com", change="entered",
                                  purpose="personalised-ads", content={"audience": "cart"}), {"cart": "1"})
    assert isinstance(member, Member)
    assert body_of([member], "5", "") == {
        "destinations": [{"operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": "5"}, "productDestinationId": "1"}],
        "encoding": "HEX", "audienceMembers": [{"userData": {"userIdentifiers": [{"emailAddress": USER}]}}],
        "consent": {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"},
        "termsOfService": {"customerMatchTermsOfServiceStatus": "ACCEPTED"}}


def test_all_faults_of_the_settings_are_told_and_no_secret() -> None:
    with pytest.raises(Misconfigured) as caught:
        read_settings(SettingsReader("google", {
            "account": "123-456", "lists": {}, "refresh_token": "1//r", "client_id": {"env": "ID"}, "login_account": "x",
            "url": "x"}, {"ID": "caf\xe9"}))
    assert len(caught.value.faults) == 8 and "1//r" not in str(caught.value)
