"""Meta's custom audiences: its own examples of hashing, and a local server that speaks as its documentation does."""
from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import orjson
import pytest
from aiohttp import web

from connectors.delivery import Activation, Deferred, Delivered, Refused
from connectors.delivery.asking import Response
from connectors.delivery.reading import SettingsReader
from connectors.destinations.meta_custom_audiences import MetaConnector, read_settings
from connectors.destinations.meta_custom_audiences.mapping import digest_of, form_of, member_of, read_answer
from streams.core.errors import Misconfigured
from tests.connectors.platforms import Platform, changes, left_in, played
from tests.connectors.recording import Log, activation

INFORMATION = "developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters"
JOHN = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
PHONE = "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"
GIVEN: dict[str, Any] = {"audiences": {"cart": 23850}, "token": {"env": "META_TOKEN"}}
TOKEN = {"META_TOKEN": "EAAsecret"}


@pytest.mark.parametrize(("identifier", "expected", "_source"), [
    ("email:John_Smith@gmail.com", JOHN, INFORMATION + "#email"),
    ("email: john_smith@gmail.com ", JOHN, "trimmed"),
    ("phone:+16505551212", PHONE, INFORMATION + "#phone: (650)555-1212 in the US is 16505551212"),
    ("phone:+1 (650) 555-1212", PHONE, "symbols are removed"),
    ("phone:+0016505551212", PHONE, "leading zeros are removed"),
    ("email:john.smith+x@gmail.com", sha256(b"john.smith+x@gmail.com").hexdigest(), "dots and plus signs are not mentioned"),
])
def test_hashes(identifier: str, expected: str, _source: str) -> None:
    assert digest_of(identifier) == expected


@pytest.mark.parametrize("identifier", ["cookie:c", "email:nobody", "phone:16505551212", "customer_id:+1"])
def test_nothing_else_is_told(identifier: str) -> None:
    assert isinstance(digest_of(identifier), Refused)


async def graph(platform: Platform, request: web.Request) -> web.Response:
    """POST and DELETE of /vN.0/AUDIENCE/users, as documented; the digests of `BAD` are not understood."""
    _, version, audience, users = request.path.split("/")
    assert (version, users, request.headers["Authorization"]) == ("v25.0", "users", "Bearer EAAsecret")
    form = await request.post()
    session, payload = orjson.loads(str(form["session"])), orjson.loads(str(form["payload"]))
    values = [row[0] for row in payload["data"]]
    assert payload["schema"] in (["EMAIL"], ["PHONE"]) and len(payload["schema"]) == len(payload["data"][0])
    assert 0 < len(values) == session["estimated_num_total"] <= 10_000 and session["last_batch_flag"]
    assert 0 < session["session_id"] < 2**63 and all(len(value) == 64 for value in values)
    platform.seen.append((request.method, session["session_id"], values))
    bad = [value for value in values if value in BAD]
    platform.change(audience, [value for value in values if value not in BAD], is_addition=request.method == "POST")
    return web.json_response({"audience_id": audience, "session_id": str(session["session_id"]),
                              "num_received": len(values), "num_invalid_entries": len(bad), "invalid_entry_samples": {}})


BAD = {digest_of("email:7@example.org"), digest_of("email:20@example.org")}


def meta_error(code: int, subcode: int | None = None, **headers: str) -> web.Response:
    error = {"message": "about 1@example.org", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return web.json_response({"error": error | ({"error_subcode": subcode} if subcode else {})}, status=400,
                             headers=headers)


async def play(activations: Sequence[Activation], faults: Sequence[web.Response | None] = (), hangs: float = 0,
               crashes: int = 0, patience: float = 10) -> tuple[Platform, Log]:
    def made(url: str) -> MetaConnector:
        return MetaConnector(read_settings(SettingsReader("meta", {**GIVEN, "url": url, "timeout": patience}, TOKEN)))

    platform = Platform(graph, list(faults), hangs=hangs)
    return platform, await played(platform, made, activations, crashes)


def expected(activations: Sequence[Activation]) -> set[str]:
    return {str(digest_of(identifier)) for identifier in left_in(activations)} - BAD


@pytest.mark.parametrize("namespace", ["email", "phone"])
def test_adds_and_removes_in_few_requests(namespace: str) -> None:
    told = tuple(each for each in changes(namespace) if digest_of(each.identifier) not in BAD)
    platform, log = asyncio.run(play(told))
    assert platform.members["23850"] == expected(told) and len(platform.seen) <= 4
    assert log.final(Delivered) == {each.activation_id: 1 for each in told}


def test_who_is_not_understood_is_found_and_refused_alone() -> None:
    platform, log = asyncio.run(play(changes()))
    refused = {each.activation_id for each in changes() if digest_of(each.identifier) in BAD}
    assert set(log.final(Refused)) == refused and platform.members["23850"] == expected(changes())
    assert len(log.final(Delivered)) == len(changes()) - len(refused) and len(platform.seen) < 40


USAGE = orjson.dumps({"1": [{"type": "custom_audience", "estimated_time_to_regain_access": 0}]}).decode()


@pytest.mark.parametrize("faults", [
    [web.Response(status=500), web.Response(status=503)], [web.Response(status=429, headers={"Retry-After": "0"})],
    [meta_error(17, 2446079), meta_error(80003, **{"X-Business-Use-Case-Usage": USAGE}), meta_error(613)],
    [meta_error(190), meta_error(100, 1713230), meta_error(2)],
    [web.Response(text="<html>a proxy's page</html>"), web.Response(text="[]"), web.json_response({"num_received": 1})],
    [web.json_response({"num_received": 40, "num_invalid_entries": 41}), web.Response(status=302)],
    [None, web.Response(status=500), None], [None, None, None, None],
], ids=["500", "429", "limits", "operator", "nonsense", "impossible", "cut", "breaker"])
def test_through_every_fault_nobody_is_lost_left_or_told_of(
    faults: list[web.Response | None], caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    platform, log = asyncio.run(play(changes(), faults))
    assert platform.members["23850"] == expected(changes()) and not platform.faults
    assert len(log.final(Delivered)) + len(log.final(Refused)) == len(changes()) and log.final(Deferred)
    told = caplog.text + repr([delivery.outcome for delivery in log.deliveries])
    assert "example.org" not in told and "EAAsecret" not in told


def test_silence_is_left_after_the_timeout_and_asked_again() -> None:
    platform, log = asyncio.run(play(changes(), [None], hangs=5, patience=0.3))
    assert platform.members["23850"] == expected(changes())
    assert {d.outcome for d in log.deliveries if isinstance(d.outcome, Deferred)} >= {Deferred(why="no answer within 0.3 s")}


def test_killed_between_delivery_and_outcome_the_same_session_comes_again() -> None:
    good = tuple(each for each in changes(people=6) if each.change == "entered")[:6]
    platform, log = asyncio.run(play(good, crashes=2))
    assert len(platform.seen) == 3 and len({(method, session) for method, session, _ in platform.seen}) == 1
    assert platform.members["23850"] == expected(good) and len(log.final(Delivered)) == 6


def answer(status: int, fields: Any, **headers: str) -> Response:
    return Response(status=status, headers=headers, body=orjson.dumps(fields))


def error(code: int, subcode: int | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "error_subcode": subcode, "message": "1@example.org"}}


WAIT = orjson.dumps({"1": [{"type": "ads_management", "estimated_time_to_regain_access": 2}],
                     "2": [{"type": "custom_audience", "estimated_time_to_regain_access": 19}]}).decode()


@pytest.mark.parametrize(("given", "outcome"), [
    (answer(200, {"num_received": 3, "num_invalid_entries": 0}), Delivered()),
    (answer(200, {"num_received": 3, "num_invalid_entries": 2}), None),
    (answer(200, {"num_received": 3, "num_invalid_entries": 3}), Refused(why="Meta does not take this value")),
    (answer(200, {"num_received": 2, "num_invalid_entries": 0}), Deferred(why="HTTP 200, and not Meta's answer")),
    (answer(400, error(80003), **{"X-Business-Use-Case-Usage": WAIT}), Deferred(why="Meta 80003", until=1_141_000)),
    (answer(400, error(613, 1487742)), Deferred(why="Meta 613/1487742")),
    (answer(400, error(17), **{"X-Business-Use-Case-Usage": "[[]]"}), Deferred(why="Meta 17")),
    (answer(429, error(4), **{"Retry-After": "2"}), Deferred(why="Meta 4", until=3_000)),
    (answer(400, error(100, 1713230)), Deferred(why="Meta 100/1713230", to_mend=True)),
    (answer(400, error(100, 33)), Deferred(why="Meta 100/33", to_mend=True)),
    (answer(404, "<html>"), Deferred(why="HTTP 404, and not Meta's answer", to_mend=True)),
    (answer(400, {"error": {"code": []}}), Deferred(why="Meta error")),
    (answer(400, {"error": {"code": "x"}}), Deferred(why="Meta error")),
    (answer(503, [], **{"Retry-After": "2"}), Deferred(why="HTTP 503, and not Meta's answer", until=3_000)),
])
def test_answers(given: Response, outcome: Any) -> None:
    assert read_answer(given, 3, 1_000) == outcome


def test_only_changes_of_known_audiences_are_told() -> None:
    for given in ({"change": "message"}, {"content": {"audience": "other"}}, {"content": {}}):
        good: dict[str, Any] = {"change": "entered", "content": {"audience": "cart"}}
        assert isinstance(member_of(activation(1, **{**good, **given}), {"cart": "1"}), Refused)


def test_the_request_names_nobody() -> None:
    member = member_of(activation(1, identifier="email:John_Smith@gmail.com", change="entered",
                                  content={"audience": "cart"}), {"cart": "1"})
    assert not isinstance(member, Refused)
    form = form_of([member])
    assert orjson.loads(form["payload"]) == {"schema": ["EMAIL"], "data": [[JOHN]]}
    assert form == form_of([member]) and "john" not in str(form).lower()


def test_all_faults_of_the_settings_are_told_and_no_token() -> None:
    with pytest.raises(Misconfigured) as caught:
        read_settings(SettingsReader("meta", {
            "token": "EAAsecret", "audiences": {"cart": "x", "all": "1" * 21}, "version": "latest", "url": "ftp://x",
            "timeout": 0, "tokn": 1}, {}))
    assert len(caught.value.faults) == 7 and "EAAsecret" not in str(caught.value)
