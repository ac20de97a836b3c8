"""An exchange that takes users as OpenRTB 2.6 writes them: what it is told, and a local server that keeps it."""
from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from aiohttp import web

from connectors.delivery import Activation, Refused
from connectors.delivery.reading import SettingsReader
from connectors.destinations.openrtb_users import OpenRtbConnector, read_settings
from connectors.destinations.openrtb_users.mapping import body_of
from connectors.openrtb import Provider
from streams.core.errors import Misconfigured
from tests.connectors.platforms import Platform, changes, left_in, played
from tests.connectors.recording import activation

GIVEN: dict[str, Any] = {"provider": "shop.example", "segtax": 601, "headers": {"Authorization": {"env": "TOKEN"}}}
COOKIES = tuple(replace(each, identifier=each.identifier.replace("email:", "cookie:")) for each in changes())
SHOP = Provider(domain="shop.example", segtax=601)


async def exchange(platform: Platform, request: web.Request) -> web.Response:
    assert request.headers["Authorization"] == "secret" and request.headers["x-openrtb-version"] == "2.6"
    told = orjson.loads(await request.read())
    assert told["id"] == request.headers["Idempotency-Key"]
    ((data,), ((uid,),)) = told["user"]["data"], [eid["uids"] for eid in told["user"]["eids"]]
    (segment,) = data["segment"]
    platform.change(segment["id"], [uid["id"]], is_addition={"1": True, "0": False}[segment["value"]])
    return web.Response(status=204)


def expected(activations: Sequence[Activation]) -> set[str]:
    return {identifier.removeprefix("cookie:") for identifier in left_in(activations)}


def change(identifier: str, word: str = "entered") -> Activation:
    return replace(activation(1), channel="display", identifier=identifier, change=word, content={"audience": "cart-nl"})


@pytest.mark.parametrize(("identifier", "eid"), [
    ("cookie:a", {"source": "cookie.shop.example", "uids": [{"id": "a", "atype": 1}]}),
    ("device_ad_id:x:y", {"source": "device-ad-id.shop.example", "uids": [{"id": "x:y", "atype": 2}]}),
    ("customer_id:7", {"source": "customer-id.shop.example", "uids": [{"id": "7", "atype": 3}]})])
@pytest.mark.parametrize(("word", "value"), [("entered", "1"), ("exited", "0")])
def test_a_change_is_a_user_with_one_segment(identifier: str, eid: object, word: str, value: str) -> None:
    told = change(identifier, word)
    assert body_of(told, SHOP) == {"id": told.activation_id, "user": {
        "data": [{"id": "shop.example", "name": "shop.example", "segment": [{"id": "cart-nl", "value": value}],
                  "ext": {"segtax": 601}}],
        "eids": [eid]}}


@pytest.mark.parametrize("refused", [
    change("email:jane@example.com"), change("phone:+31612345678"), replace(change("cookie:a"), content={}),
    change("cookie:a", "message")], ids=lambda each: f"{each.identifier} {each.change}")
def test_nobody_is_told_in_clear_and_nothing_but_audiences(refused: Activation) -> None:
    found = body_of(refused, SHOP)
    assert isinstance(found, Refused) and "jane" not in found.why and "3161" not in found.why


def test_the_exchange_has_who_is_in_the_audience() -> None:
    def made(url: str) -> OpenRtbConnector:
        return OpenRtbConnector(read_settings(SettingsReader("exchange", {**GIVEN, "url": url}, {"TOKEN": "secret"})))

    platform = Platform(exchange, [web.Response(status=503), None])
    asyncio.run(played(platform, made, COOKIES))
    assert {each for members in platform.members.values() for each in members} == expected(COOKIES)


@pytest.mark.parametrize(("given", "told"), [
    ({"provider": "Shop"}, "your own domain"), ({"segtax": 0}, "segtax"), ({"segtax": 1000}, "segtax"),
    ({"url": "exchange"}, "url"), ({"headers": {"x-openrtb-version": "3"}}, "set by who sends"), ({"token": "x"}, "token")])
def test_wrong_settings_are_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        read_settings(SettingsReader("exchange", {**GIVEN, "url": "http://127.0.0.1:1/", **given}, {"TOKEN": "secret"}))
