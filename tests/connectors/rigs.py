"""Every destination that is reached over a line, each with a real local server of its protocol that keeps what it got."""
from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web
from aiosmtpd.smtp import SMTP

from connectors.delivery import Activation, Connector
from connectors.delivery.reading import SettingsReader
from connectors.destinations import (
    google_customer_match,
    http,
    kevel_userdb,
    meta_custom_audiences,
    openrtb_users,
    smtp,
    twilio,
)
from streams.definitions.bodies import compiled
from tests.connectors import test_google_destination as google
from tests.connectors import test_kevel_destination as kevel
from tests.connectors import test_meta_destination as meta
from tests.connectors import test_openrtb_destination as exchange
from tests.connectors import test_smtp_destination as mail
from tests.connectors import test_twilio_destination as texts
from tests.connectors.faulty import HTTP, MAIL, Words
from tests.connectors.platforms import Platform, changes
from tests.connectors.recording import activation

PATIENT, HASTY = 20.0, 0.5
"""Seconds a connector waits for an answer. The hasty may take a busy machine for silence, and ask again."""


class Rig(Protocol):
    """One destination with its server. `kept` is what the server has, `wanted` what it must have once all is delivered;
    `came` how often it took each activation, by its key; empty where a repetition changes nothing and is not seen."""

    words: Words
    activations: tuple[Activation, ...]
    came: Counter[str]

    def serving(self) -> AbstractAsyncContextManager[int]: ...
    def connector(self, port: int, patience: float = PATIENT) -> Connector: ...
    def kept(self) -> set[str]: ...
    def wanted(self) -> set[str]: ...


@dataclass(slots=True)
class Keyed:
    """A destination of messages over HTTP: `key` finds the activation's key in a request."""

    make: Callable[[str, float], Connector]
    activations: tuple[Activation, ...]
    key: Callable[[web.Request], Any]
    answer: Callable[[], web.Response]
    words: Words = HTTP
    came: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        async def take(_: Platform, request: web.Request) -> web.Response:
            self.came[await self.key(request)] += 1
            return self.answer()

        async with Platform(take) as platform:
            yield port_of(platform)

    def connector(self, port: int, patience: float = PATIENT) -> Connector:
        return self.make(f"http://127.0.0.1:{port}", patience)

    def kept(self) -> set[str]:
        return set(self.came)

    def wanted(self) -> set[str]:
        return {each.activation_id for each in self.activations}


@dataclass(slots=True)
class Audience:
    """A platform that keeps who is in an audience; a change that comes twice is as one."""

    make: Callable[[str, float], Connector]
    activations: tuple[Activation, ...]
    platform: Platform
    left: Callable[[Sequence[Activation]], set[str]]
    words: Words = HTTP
    came: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        async with self.platform as platform:
            yield port_of(platform)

    def connector(self, port: int, patience: float = PATIENT) -> Connector:
        return self.make(f"http://127.0.0.1:{port}", patience)

    def kept(self) -> set[str]:
        return {value for members in self.platform.members.values() for value in members}

    def wanted(self) -> set[str]:
        return self.left(self.activations)


@dataclass(slots=True)
class Mail:
    activations: tuple[Activation, ...] = mail.MANY
    words: Words = MAIL
    server: mail.MailServer = field(default_factory=mail.MailServer)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        loop = asyncio.get_running_loop()
        async with await loop.create_server(lambda: SMTP(self.server, hostname="test"), "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]

    def connector(self, port: int, patience: float = PATIENT) -> Connector:
        reader = SettingsReader("mail", {**mail.GIVEN, "port": port, "timeout": patience}, {})
        return smtp.SmtpConnector(smtp.read_settings(reader))

    @property
    def came(self) -> Counter[str]:
        return self.server.ids

    def kept(self) -> set[str]:
        return set(self.came)

    def wanted(self) -> set[str]:
        return {each.activation_id for each in self.activations}


def port_of(platform: Platform) -> int:
    return int(platform.url.rpartition(":")[2])


async def _webhook_id(request: web.Request) -> str:
    assert request.headers["webhook-id"] == request.headers["Idempotency-Key"]
    return request.headers["webhook-id"]


async def _text(request: web.Request) -> str:
    return "a" + str((await request.post())["Body"]).split()[1]


def _hook() -> Rig:
    def make(url: str, patience: float) -> Connector:
        reader = SettingsReader("hook", {"url": url, "timeout": patience}, {})
        return http.HttpConnector(http.read_settings(reader, compiled))

    return Keyed(make, tuple(activation(number) for number in range(45)), _webhook_id, lambda: web.Response(status=204))


def _twilio() -> Rig:
    def make(url: str, patience: float) -> Connector:
        given = {**texts.GIVEN, "url": url, "timeout": patience}
        return twilio.TwilioConnector(twilio.read_settings(SettingsReader("texts", given, {"TOKEN": "secret"})))

    return Keyed(make, texts.MANY, _text, lambda: web.json_response({"sid": "SM1"}, status=201))


def _kevel() -> Rig:
    def make(url: str, patience: float) -> Connector:
        given = {**kevel.GIVEN, "url": url, "timeout": patience}
        return kevel_userdb.KevelConnector(kevel_userdb.read_settings(SettingsReader("kevel", given, {"KEY": "k-secret"})))

    return Audience(make, kevel.COOKIES, Platform(kevel.userdb), kevel.expected)


def _meta() -> Rig:
    def make(url: str, patience: float) -> Connector:
        reader = SettingsReader("meta", {**meta.GIVEN, "url": url, "timeout": patience}, meta.TOKEN)
        return meta_custom_audiences.MetaConnector(meta_custom_audiences.read_settings(reader))

    told = tuple(each for each in changes() if meta.digest_of(each.identifier) not in meta.BAD)
    return Audience(make, told, Platform(meta.graph), meta.expected)


def _openrtb() -> Rig:
    def make(url: str, patience: float) -> Connector:
        reader = SettingsReader("exchange", {**exchange.GIVEN, "url": url, "timeout": patience}, {"TOKEN": "secret"})
        return openrtb_users.OpenRtbConnector(openrtb_users.read_settings(reader))

    return Audience(make, exchange.COOKIES, Platform(exchange.exchange), exchange.expected)


def _google() -> Rig:
    def make(url: str, patience: float) -> Connector:
        given = {**google.GIVEN, "url": url, "token_url": f"{url}/token", "timeout": patience}
        return google_customer_match.GoogleConnector(
            google_customer_match.read_settings(SettingsReader("google", given, google.VARIABLES)))

    told = tuple(each for each in changes() if google.digest(each.identifier) not in google.BAD)
    return Audience(make, told, Platform(google.google), google.expected)


RIGS: dict[str, Callable[[], Rig]] = {
    "http": _hook, "smtp": Mail, "sms-http": _twilio, "kevel": _kevel, "meta-custom-audience": _meta,
    "google-customer-match": _google, "openrtb": _openrtb}
"""By the name of the connector."""
SPOOLED = frozenset({"file", "ad-manager-ppid", "uid2"})
"""Write to a folder; their faults are a full disk, a folder that is none and kills: `test_files_destination.py`."""
