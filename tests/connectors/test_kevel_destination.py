"""Kevel's UserDB: user keys, and a local server that keeps interests as its documented clients address them."""
from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from aiohttp import web

from connectors.delivery import Activation, Deferred, Delivered, Outcome, Refused
from connectors.delivery.asking import Response
from connectors.delivery.reading import SettingsReader
from connectors.destinations.kevel_userdb import KevelConnector, read_settings
from connectors.destinations.kevel_userdb.mapping import InterestChange, change_of, read_answer, user_key_of
from streams.core.errors import Misconfigured
from tests.connectors.platforms import Platform, changes, left_in, played
from tests.connectors.recording import Log, activation

USERDB = "dev.kevel.com/reference/userdb: user keys can be read by others"
DIGEST = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"
"""`printf 'test@example.com' | sha256sum`."""
GIVEN: dict[str, Any] = {"network": 23, "key": {"env": "KEY"}}
COOKIES = tuple(replace(each, identifier=each.identifier.replace("email:", "cookie:/?&=é ")) for each in changes())


@pytest.mark.parametrize(("identifier", "is_hashed", "expected", "_source"), [
    ("cookie:ad39231daeb043f2a9610414f08394b5", False, "ad39231daeb043f2a9610414f08394b5", USERDB),
    ("customer_id:a:b", False, "a:b", "the whole value"),
    ("email:test@example.com", True, DIGEST, "SHA-256, lower-case hex"),
    ("email:test@example.com", False, None, USERDB),
    ("phone:+31612345678", False, None, USERDB),
])
def test_user_keys(identifier: str, is_hashed: bool, expected: str | None, _source: str) -> None:
    found = user_key_of(identifier, is_hashed=is_hashed)
    assert isinstance(found, Refused) if expected is None else found == expected


async def userdb(platform: Platform, request: web.Request) -> web.Response:
    assert request.path == "/udb/23/interests" and request.headers["X-Adzerk-ApiKey"] == "k-secret"
    (interest,) = orjson.loads(await request.read())
    platform.seen.append(request.query["userKey"])
    platform.change(interest, [request.query["userKey"]], is_addition={"POST": True, "DELETE": False}[request.method])
    return web.Response()


async def play(activations: Sequence[Activation], faults: Sequence[web.Response | None] = (), hangs: float = 0,
               crashes: int = 0, **settings: Any) -> tuple[Platform, Log]:
    def made(url: str) -> KevelConnector:
        return KevelConnector(read_settings(SettingsReader("kevel", {**GIVEN, "url": url, **settings}, {"KEY": "k-secret"})))

    platform = Platform(userdb, list(faults), hangs=hangs)
    return platform, await played(platform, made, activations, crashes)


def expected(activations: Sequence[Activation]) -> set[str]:
    return {identifier.removeprefix("cookie:") for identifier in left_in(activations)}


def test_one_request_a_change_and_each_user_as_it_was_decided() -> None:
    platform, log = asyncio.run(play(COOKIES))
    assert platform.members["cart"] == expected(COOKIES) and len(platform.seen) == len(COOKIES)
    assert log.final(Delivered) == {each.activation_id: 1 for each in COOKIES}


@pytest.mark.parametrize("faults", [
    [web.Response(status=500), web.Response(status=503)], [web.Response(status=429, headers={"Retry-After": "0"})],
    [web.Response(status=401), web.Response(status=403), web.Response(status=404)],
    [web.Response(text="<html>a proxy's page</html>", content_type="text/html"), web.Response(status=302)],
    [None, web.Response(status=500), None], [None] * 70,
], ids=["500", "429", "operator", "nonsense", "cut", "breaker"])
def test_through_every_fault_nobody_is_lost_or_left(
    faults: list[web.Response | None], caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    platform, log = asyncio.run(play(COOKIES, faults))
    assert platform.members["cart"] == expected(COOKIES) and not platform.faults
    assert log.final(Delivered) == {each.activation_id: 1 for each in COOKIES} and log.final(Deferred)
    ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    told = repr(ours) + repr([delivery.outcome for delivery in log.deliveries])
    assert "example.org" not in told and "k-secret" not in told


def test_silence_is_left_after_the_timeout_and_asked_again() -> None:
    platform, log = asyncio.run(play(COOKIES, [None, None], hangs=5, timeout=0.3))
    assert platform.members["cart"] == expected(COOKIES) and log.final(Deferred).total() >= 2


def test_what_kevel_refuses_is_refused_alone() -> None:
    platform, log = asyncio.run(play(COOKIES[:10], [web.Response(status=400)]))
    assert log.final(Refused).total() == 1 and len(platform.members["cart"]) == 9


def test_a_user_whom_kevel_does_not_know_is_removed_already_once_the_address_is_known_to_be_right() -> None:
    """A thousand such removals stopped the destination for a week. A first answer of 404 may be about the address."""
    unknown = [replace(each, change="exited") for each in COOKIES[:10]]
    faults = [web.Response(status=404), web.Response(), *(web.Response(status=404) for _ in range(8))]
    _, log = asyncio.run(play(unknown, faults, concurrency=1))
    assert log.final(Delivered).total() == 10 and log.final(Deferred).total() == 1
    assert next(each.outcome for each in log.deliveries) == Deferred(why="HTTP 404", to_mend=True)
    page = Response(status=404, headers={"Content-Type": "text/html"}, body=b"")
    assert isinstance(read_answer(page, 1, is_about_the_user=True), Deferred)


def test_killed_between_delivery_and_outcome_the_same_changes_come_again() -> None:
    platform, log = asyncio.run(play(COOKIES[:6], crashes=2))
    assert len(platform.seen) == 18 and len(set(platform.seen)) == 6
    assert platform.members["cart"] == expected(COOKIES[:6]) and len(log.final(Delivered)) == 6


def test_addresses_are_told_as_digests_only() -> None:
    platform, log = asyncio.run(play(changes()[:5], user_key="sha256"))
    assert len(log.final(Delivered)) == 5 and all(len(key) == 64 for key in platform.seen)
    platform, log = asyncio.run(play(changes()[:5]))
    assert len(log.final(Refused)) == 5 and not platform.seen


@pytest.mark.parametrize(("given", "outcome"), [
    (Response(status=200, headers={"Content-Type": "image/gif"}, body=b"GIF89a"), Delivered()),
    (Response(status=200, headers={"Content-Type": "text/html; charset=utf-8"}, body=b""),
     Deferred(why="HTTP 200, and not Kevel's answer")),
    (Response(status=429, headers={"Retry-After": "2"}, body=b""), Deferred(why="HTTP 429", until=3_000)),
    (Response(status=400, headers={}, body=b""), Refused(why="HTTP 400")),
])
def test_answers(given: Response, outcome: Outcome) -> None:
    assert read_answer(given, 1_000) == outcome


def test_only_changes_of_audiences_are_told() -> None:
    good: dict[str, Any] = {"identifier": "cookie:c", "change": "exited", "content": {"audience": "cart"}}
    gone = InterestChange(method="DELETE", user_key="c", interest="cart")
    assert change_of(activation(1, **good), is_hashed=False) == gone
    for given in ({"change": "message"}, {"content": {}}):
        assert isinstance(change_of(activation(1, **{**good, **given}), is_hashed=False), Refused)


def test_all_faults_of_the_settings_are_told_and_no_key() -> None:
    with pytest.raises(Misconfigured) as caught:
        read_settings(SettingsReader("kevel", {"key": "k-secret", "user_key": "md5", "concurrency": 0, "timeout": "1"}, {}))
    assert len(caught.value.faults) == 5 and "k-secret" not in str(caught.value)
