"""The webhook against a real server that fails in every way, counted on the server's side."""
from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson
import pytest
from aiohttp import web

from connectors.delivery import Activation, Deferred, Delivered, Engine, Limits, Refused
from connectors.delivery.reading import SettingsReader
from connectors.destinations.http import HttpConnector, read_settings
from streams.core.errors import Misconfigured
from streams.definitions.bodies import compiled
from streams.runtime.clock import wall_ms
from tests.connectors.recording import Crash, Log, Reading, Received, Recorder, accept, activation, eventually, for_ever

QUICK = Limits(shortest=5, longest=40)
AT_ONCE = Limits(shortest=1, longest=4)
MANY = tuple(activation(number) for number in range(60))
IDS = {each.activation_id: 1 for each in MANY}


def engine(url: str, log: Log, limits: Limits = QUICK, **settings: Any) -> Engine:
    given = {"url": url, "timeout": 20, **settings}
    settings_read = read_settings(SettingsReader("hook", given, {"KEY": "whsec_YSBsb25nIHJhbmRvbSB0ZXh0"}), compiled)
    return Engine("hook", HttpConnector(settings_read), Reading(log), limits, clock=wall_ms)


async def until(condition: Callable[[], bool], running: Engine, within: float = 30) -> None:
    """Runs the engine until the condition holds."""
    task = asyncio.create_task(running.run())
    try:
        async with asyncio.timeout(within):
            await eventually(lambda: condition() or task.done())
    finally:
        running.stop()
        await task


def settled(log: Log) -> bool:
    return len(log.final(Delivered)) + len(log.final(Refused)) == len(log.activations)


async def play(answer: Any, activations: Sequence[Activation] = MANY, **settings: Any) -> tuple[Recorder, Log]:
    log = Log(activations)
    async with Recorder(answer) as server:
        await until(lambda: settled(log), engine(server.url, log, **settings))
    assert log.committed == (len(activations), "")
    return server, log


def first_times(times: int, answer: Callable[[], web.Response]) -> Any:
    async def handle(received: Received) -> web.StreamResponse:
        return answer() if received.times <= times else await accept(received)

    return handle


def test_delivers_everything_once_signed_with_the_activation_id_as_key() -> None:
    server, log = asyncio.run(play(accept, secret={"env": "KEY"}))
    assert server.accepted == IDS and log.final(Delivered) == IDS and len(server.seen) == len(MANY)
    for received in server.seen:
        headers = received.request.headers
        signed = f"{received.id}.{headers['webhook-timestamp']}.".encode() + received.body
        digest = hmac.digest(b"a long random text", signed, "sha256")
        assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
        assert orjson.loads(received.body)["activation_id"] == received.id == headers["Idempotency-Key"]


@pytest.mark.parametrize("status", [301, 401, 404, 408, 429, 500, 503])
def test_an_answer_that_may_change_is_tried_again_and_nothing_is_lost_or_doubled(status: int) -> None:
    server, log = asyncio.run(play(first_times(2, lambda: web.Response(status=status)), limits=AT_ONCE))
    assert server.accepted == IDS and log.final(Delivered) == IDS
    assert log.final(Deferred) == dict.fromkeys(IDS, 2)
    mending = {d.outcome.to_mend for d in log.deliveries if isinstance(d.outcome, Deferred)}
    assert mending == {status in (301, 401, 404)}


@pytest.mark.parametrize("status", [400, 410, 422])
def test_an_answer_that_will_not_change_refuses_that_one_only(status: int) -> None:
    async def bad_one(received: Received) -> web.StreamResponse:
        return web.Response(status=status) if received.id == "a7" else await accept(received)

    server, log = asyncio.run(play(bad_one))
    assert log.final(Refused) == {"a7": 1} and len(server.seen) == len(MANY) and len(server.accepted) == len(MANY) - 1


def test_retry_after_is_kept() -> None:
    server, log = asyncio.run(play(
        first_times(1, lambda: web.Response(status=429, headers={"Retry-After": "1"})), MANY[:3]))
    assert server.accepted == {"a0": 1, "a1": 1, "a2": 1}
    waits = [d.retry_at - d.at for d in log.deliveries if d.retry_at is not None]
    assert waits and min(waits) > 700


def test_a_server_that_hangs_is_left_after_the_timeout_and_asked_again() -> None:
    async def hang(received: Received) -> web.StreamResponse:
        if received.times == 1 and received.id in ("a3", "a4"):
            await for_ever()
        return await accept(received)

    server, log = asyncio.run(play(hang, timeout=1))
    assert server.accepted == IDS and log.final(Deferred) == {"a3": 1, "a4": 1}


def test_a_connection_cut_in_mid_batch_defers_what_was_under_way() -> None:
    async def cut(received: Received) -> web.StreamResponse:
        transport = received.request.transport
        if received.times == 1 and int(received.id[1:]) % 3 == 0 and transport is not None:
            transport.abort()
        return await accept(received)

    server, log = asyncio.run(play(cut))
    assert log.final(Delivered) == IDS and set(log.final(Deferred)) == {f"a{n}" for n in range(0, 60, 3)}
    assert {received.id for received in server.seen if received.times > 1} == set(log.final(Deferred))


def test_an_answer_that_is_no_http_is_tried_again() -> None:
    async def run() -> Log:
        known: set[bytes] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked = await reader.readuntil(b"\r\n\r\n")
            name = next(line for line in asked.splitlines() if line.startswith(b"webhook-id"))
            is_new = name not in known
            known.add(name)
            writer.write(b"\x00\xffnonsense\r\n\r\n" if is_new
                         else b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        log = Log(MANY[:3])
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await until(lambda: settled(log), engine(f"http://127.0.0.1:{port}/", log))
        return log

    log = asyncio.run(run())
    assert log.final(Delivered) == {"a0": 1, "a1": 1, "a2": 1} and log.final(Deferred) == {"a0": 1, "a1": 1, "a2": 1}


def test_a_server_that_is_down_is_probed_and_gets_all_when_it_is_back() -> None:
    async def run() -> tuple[Recorder, Log]:
        log = Log(MANY)
        server = Recorder()
        await server.start(0)
        await server.stop()
        running = engine(server.url, log)

        async def come_back() -> None:
            await eventually(lambda: log.final(Deferred).total() >= 70)
            await server.start(int(server.url.split(":")[2].split("/")[0]))

        back = asyncio.create_task(come_back())
        await until(lambda: settled(log), running)
        await back
        await server.stop()
        return server, log

    server, log = asyncio.run(run())
    assert server.accepted == IDS and log.final(Delivered) == IDS


def test_an_open_breaker_asks_with_one_activation_at_a_time() -> None:
    """500 for as long as twelve requests after it opened, then well: three batches of 20, then single probes."""
    async def broken(received: Received) -> web.StreamResponse:
        return await accept(received) if len(server.seen) > 72 else web.Response(status=500)

    log = Log(MANY)

    async def run() -> None:
        async with server:
            await until(lambda: settled(log), engine(server.url, log))

    server = Recorder(broken)
    asyncio.run(run())
    assert server.accepted == IDS
    batches = [d.at for d in log.deliveries if isinstance(d.outcome, Deferred)]
    assert len(batches) == 72 and len(set(batches[60:])) == 12


def test_a_destination_that_hangs_delays_no_other() -> None:
    async def hang(_: Received) -> web.StreamResponse:
        return await for_ever()

    async def run() -> tuple[Log, Log]:
        stuck, well = Log(MANY), Log(MANY)
        async with Recorder(hang) as bad, Recorder() as good:
            other = engine(bad.url, stuck, timeout=1)
            task = asyncio.create_task(other.run())
            await until(lambda: settled(well), engine(good.url, well), within=10)
            other.stop()
            await task
            assert good.accepted == IDS
        return stuck, well

    stuck, well = asyncio.run(run())
    assert well.final(Delivered) == IDS and not stuck.final(Delivered) and stuck.committed[0] == 0


def test_killed_between_delivery_and_outcome_repeats_only_that_batch_with_the_same_key() -> None:
    async def run() -> tuple[Recorder, Log]:
        log = Log(MANY, crashes_before_settling=2)
        async with Recorder() as server:
            for _ in range(3):
                with suppress(Crash):
                    await until(lambda: settled(log), engine(server.url, log))
        return server, log

    server, log = asyncio.run(run())
    assert log.final(Delivered) == IDS
    assert set(server.accepted) == set(IDS)
    assert {name: times for name, times in server.accepted.items() if times > 1} == {f"a{n}": 3 for n in range(20)}


def test_after_a_restart_what_was_delivered_above_a_deferred_one_does_not_come_again() -> None:
    async def one_is_late(received: Received) -> web.StreamResponse:
        is_late = received.id == "a0" and received.times < 3
        return web.Response(status=503, headers={"Retry-After": "1"}) if is_late else await accept(received)

    async def run() -> tuple[Recorder, Log]:
        log = Log(MANY)
        async with Recorder(one_is_late) as server:
            await until(lambda: len(log.final(Delivered)) == 59, engine(server.url, log))
            assert log.committed[0] == 0 and len(server.accepted) == 59
            await until(lambda: settled(log), engine(server.url, log))
        return server, log

    server, log = asyncio.run(run())
    assert server.accepted == IDS and log.final(Delivered) == IDS


def test_removals_stay_behind_the_entry_they_undo_however_often_that_is_deferred() -> None:
    story = [activation(n, identifier="cookie:c", change=("entered", "exited")[n % 2], sequence=n) for n in range(6)]
    server, _ = asyncio.run(play(first_times(1, lambda: web.Response(status=500)), story))
    accepted = [received.id for received in server.seen if received.times == 2]
    assert accepted == [f"a{n}" for n in range(6)]


def test_given_up_when_too_old_but_no_removal_while_nothing_is_taken_and_a_late_message_not_even_tried() -> None:
    story = [activation(0, at=0, change="entered"), activation(1, at=0, change="exited", expires_at=1),
             activation(2, expires_at=1), activation(3, at=0)]
    server, log = asyncio.run(play(first_times(2, lambda: web.Response(status=500)), story))
    assert {d.activation.activation_id: d.outcome for d in log.deliveries if isinstance(d.outcome, Refused)} == {
        "a0": Refused(why="given up after 1 attempts: HTTP 500"), "a2": Refused(why="expired before it was delivered"),
        "a3": Refused(why="too old before it was tried")}
    assert server.accepted == {"a1": 1} and {received.id for received in server.seen} == {"a0", "a1"}


def test_what_names_other_destinations_is_passed_over() -> None:
    async def run() -> tuple[Recorder, Log]:
        log = Log([activation(0, content={"destinations": ["other"]}), activation(1, content={"destinations": ["hook"]}),
                   activation(2, content={"destinations": ["other"]})])
        async with Recorder() as server:
            await until(lambda: log.committed[0] == 3, engine(server.url, log))
        return server, log

    server, log = asyncio.run(run())
    assert server.accepted == {"a1": 1} and len(log.deliveries) == 1


def test_keeps_to_its_rate_and_rests_meanwhile() -> None:
    async def run() -> tuple[Recorder, Log]:
        log = Log(MANY[:30])
        async with Recorder() as server:
            await until(lambda: settled(log), engine(server.url, log, replace(QUICK, per_second=50, burst=5)))
        return server, log

    began = wall_ms()
    server, log = asyncio.run(run())
    assert log.deliveries[-1].at - began >= 25 * 1000 / 50 - 25
    assert log.asked < 10 * len(log.deliveries)
    assert server.accepted == {f"a{n}": 1 for n in range(30)}


def test_a_template_makes_the_body_and_one_that_fails_refuses() -> None:
    story = [activation(0), activation(1, content={})]
    server, log = asyncio.run(play(accept, story, body='{"subject": {{ content.subject | tojson }}}'))
    assert [received.body for received in server.seen] == [b'{"subject": "Hi"}']
    assert set(log.final(Refused)) == {"a1"}


def test_all_faults_of_the_settings_are_told_and_no_secret() -> None:
    given = {"url": "ftp://x", "secret": {"env": "MISSING"}, "timeout": 0, "urll": 1, "body": "{% if %}"}
    with pytest.raises(Misconfigured) as caught:
        read_settings(SettingsReader("hook", given, {}), compiled)
    assert len(caught.value.faults) == 5 and "MISSING" in str(caught.value)
