"""The HTTP side, asked over a real socket, on a copy in memory."""
from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from connectors.openrtb import Provider
from streams.serve.server import MOST, Served, application


@dataclass
class Copy:
    rows: dict[str, bytes]

    def get(self, identifiers: Sequence[str]) -> list[bytes | None]:
        return [self.rows.get(identifier) for identifier in identifiers]


@dataclass
class Following:
    age: float | None = 0.5
    records: int = 3
    rejected: int = field(default=2)

    def behind(self) -> float | None:
        return self.age


def row(identifier: str, *segments: str) -> dict[str, Any]:
    return {"identifier": identifier, "segments": list(segments), "at": 1_700_000_000_000}


ROWS = {each["identifier"]: orjson.dumps(each) for each in (
    row("cookie:a", "loyal"), row("cookie:b"), row("cookie:x/y z:1?&", "carts"), row("email:jane@x.com", "carts"),
    row("phone:+31612345678"), row("device_ad_id:ab-1"))}
NOBODY = {"identifier": "cookie:nobody", "segments": [], "at": None}


def ask(method: str, path: str, *, following: Following | None = None, **options: Any) -> tuple[int, Any]:
    served = Served(copy=Copy(ROWS), following=following or Following(), ready_within=10.0,
                    provider=Provider(domain="shop.example", segtax=601))

    async def asked() -> tuple[int, Any]:
        async with TestClient(TestServer(application(served))) as client, client.request(method, path, **options) as answer:
            body = await answer.read()
            return answer.status, orjson.loads(body) if answer.content_type == "application/json" else body.decode()

    return asyncio.run(asked())


def test_one_identifier() -> None:
    assert ask("GET", "/memberships/cookie:a") == (200, row("cookie:a", "loyal"))


def test_an_identifier_is_one_whatever_stands_in_it() -> None:
    assert ask("GET", "/memberships/cookie:x%2Fy%20z:1%3F%26") == (200, row("cookie:x/y z:1?&", "carts"))


@pytest.mark.parametrize(("asked", "found"), [
    ("email:Jane@X.com", "email:jane@x.com"), ("device_ad_id:AB-1", "device_ad_id:ab-1"), ("cookie: a ", "cookie:a"),
    ("phone:+31 6 12345678", "phone:+31612345678")])
def test_an_identifier_is_found_however_it_is_spelled(asked: str, found: str) -> None:
    expected = orjson.loads(ROWS[found])
    assert ask("GET", f"/memberships/{quote(asked)}") == (200, expected)
    assert ask("GET", "/memberships", params={"identifier": asked}) == (200, {"memberships": [expected]})
    assert ask("POST", "/memberships", json={"identifiers": [asked]}) == (200, {"memberships": [expected]})


@pytest.mark.parametrize("asked", ["phone:0612345678", "email:NULL", "cookie:"])
def test_what_can_be_nobodys_is_answered_as_it_was_asked(asked: str) -> None:
    assert ask("GET", f"/memberships/{asked}") == (200, {"identifier": asked, "segments": [], "at": None})


def test_nobody_is_in_no_segment() -> None:
    assert ask("GET", "/memberships/cookie:nobody") == (200, NOBODY)


def test_many_identifiers_are_answered_in_the_order_asked() -> None:
    expected = {"memberships": [row("cookie:b"), NOBODY, row("cookie:a", "loyal")]}
    asked = ["cookie:b", "cookie:nobody", "cookie:a"]
    assert ask("GET", "/memberships", params=[("identifier", each) for each in asked]) == (200, expected)
    assert ask("POST", "/memberships", json={"identifiers": asked}) == (200, expected)


@pytest.mark.parametrize("path", ["/memberships/cookie:a?format=openrtb", "/memberships?identifier=cookie:a&format=openrtb"])
def test_openrtb_is_another_shape_of_the_same_answer(path: str) -> None:
    code, body = ask("GET", path)
    assert code == 200 and body["user"]["data"][0]["segment"] == [{"id": "loyal"}]
    assert body["user"]["data"][0]["ext"] == {"segtax": 601}
    assert body["user"]["eids"] == [{"source": "cookie.shop.example", "uids": [{"id": "a", "atype": 1}]}]


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"identifiers":[]}', b'{"identifiers":["a"]}', b'{"identifiers":[1]}',
                                  orjson.dumps({"identifiers": ["cookie:a"] * (MOST + 1)})])
def test_wrong_questions_are_told_what_is_expected(body: bytes) -> None:
    code, answer = ask("POST", "/memberships", data=body)
    assert code == 400 and "NAMESPACE:VALUE" in answer["error"]


def test_a_path_that_is_no_identifier_is_refused() -> None:
    assert ask("GET", "/memberships/c1")[0] == 400


@pytest.mark.parametrize(("age", "code"), [(None, 503), (10.0, 200), (10.1, 503)])
def test_is_ready_up_to_the_stated_age_of_its_copy(age: float | None, code: int) -> None:
    assert ask("GET", "/ready", following=Following(age)) == (code, {"ready": code == 200, "behind_seconds": age})
    assert ask("GET", "/live", following=Following(age))[0] == 200


def test_metrics_show_what_was_skipped_and_how_old_the_copy_is() -> None:
    text = ask("GET", "/metrics")[1]
    assert "audience_serve_rejected 2.0" in text and "audience_serve_behind_seconds 0.5" in text
