"""Whose pages may ask a worker's web server."""
from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from streams.core.errors import Misconfigured
from streams.runtime.settings import Settings
from streams.runtime.status.sites import own_sites
from tests.processes import fetched

HOSTS = {"AUDIENCE_WEB_HOST": "worker-1", "AUDIENCE_WEB_HOSTS": "Console.Example, other.example"}


def asked(path: str, variables: dict[str, str], **headers: str) -> tuple[int, bytes]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="here")

    async def run() -> tuple[int, bytes]:
        app = web.Application(middlewares=[own_sites(Settings.read(variables))])
        app.router.add_route("*", "/{path:.*}", answer)
        async with TestServer(app) as server:
            return await asyncio.to_thread(fetched, str(server.make_url(path)), None, headers)

    return asyncio.run(run())


@pytest.mark.parametrize("host", [
    "127.0.0.1:6066", "127.0.0.1", "[::1]:6066", "10.1.2.3:80", "localhost", "localhost:6066", "LOCALHOST", "worker-1:6066",
    "console.example", "console.example:8443", "other.example"])
def test_is_called_by_address_and_by_names_of_its_own(host: str) -> None:
    assert asked("/overview", HOSTS, Host=host) == (200, b"here")


@pytest.mark.parametrize("host", [
    "rebound.example", "rebound.example:6066", "worker-1", "localhost.rebound.example", "127.0.0.1.rebound.example",
    "console.example", "[rebound.example]", "127.0.0.1@rebound.example"])
def test_a_name_that_a_stranger_gave_this_machine_is_refused_with_what_to_do(host: str) -> None:
    status, said = asked("/overview", {}, Host=host)
    assert status == 403 and b"add it to AUDIENCE_WEB_HOSTS" in said


@pytest.mark.parametrize("path", ["/live", "/ready", "/metrics"])
def test_supervisors_and_prometheus_call_by_any_name(path: str) -> None:
    assert asked(path, {}, Host="worker-1:6066")[0] == 200


@pytest.mark.parametrize(("host", "origin", "status"), [
    ("localhost:6066", "http://localhost:6066", 200), ("console.example", "https://console.example", 200),
    ("console.example", "https://console.example:8443", 200), ("127.0.0.1:6066", "https://console.example", 200),
    ("localhost:6066", "http://localhost:3000", 403), ("localhost:6066", "https://elsewhere.example", 403),
    ("localhost:6066", "null", 403), ("localhost:6066", "", 403), ("worker-1:6066", "http://worker-1:80", 403)])
def test_what_a_page_of_another_site_asks_is_refused_whatever_a_proxy_makes_of_the_name(
    host: str, origin: str, status: int,
) -> None:
    assert asked("/preview", HOSTS, Host=host, Origin=origin)[0] == status


@pytest.mark.parametrize("names", ["https://console.example", "console.example:8443", "*", "a/b"])
def test_what_is_no_name_is_refused_at_the_start(names: str) -> None:
    with pytest.raises(Misconfigured, match=r"AUDIENCE_WEB_HOSTS: found .*without https:// and port"):
        Settings.read({"AUDIENCE_WEB_HOSTS": names})
