"""A destination that is slow, asks for patience or says odd things costs itself time, and nobody gets a second text."""
from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from aiohttp import web

from connectors.delivery import Activation, Deferred, Delivered, Engine, Limits, Outcome, Refused, engine, in_flight
from connectors.delivery.answers import instant_of
from connectors.delivery.asking import Http, Response
from connectors.delivery.engine import LONGEST_WAIT, REMOVALS_FOR
from connectors.delivery.singly import Singly
from streams.core.errors import Retryable
from streams.core.intervals import DAY_MS
from tests.connectors.recording import Log, Reading, activation, eventually

START = 10_000_000_000_000
"""The time of `activation`s."""


class Answering:
    """A connector that answers at once, after what was asked is written down with its time; `most` in a call."""

    def __init__(self, answer: Callable[[Activation, int], Outcome], most: int = 20) -> None:
        self.most, self._answer = most, answer
        self.calls: list[tuple[int, list[str]]] = []

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        self.calls.append((at, [each.activation_id for each in batch]))
        return [self._answer(each, at) for each in batch]

    async def close(self) -> None: ...


def play(connector: Any, number: int, minutes: int, look: int = 1_000, change: str = "message", **limits: Any) -> Log:
    """So many activations, over so many minutes of a clock that runs as fast as it can: `look` ms a look."""
    log, clock = Log(tuple(activation(n, change=change) for n in range(number))), [START]

    class Hurried(Reading):
        async def take(self, most: int, within: float) -> Any:
            clock[0] += look
            if clock[0] > START + minutes * 60_000:
                runs.stop()
            return await super().take(most, 0)

    runs = Engine("d", connector, Hurried(log), Limits(**limits), clock=lambda: clock[0], chance=lambda: 1.0)

    asyncio.run(runs.run())
    return log


def test_who_asks_for_an_hour_has_an_hour_and_who_asks_for_years_no_more() -> None:
    for asked in (LONGEST_WAIT, 10**15):
        connector = Answering(lambda _, at, asked=asked: Deferred(why="HTTP 429", until=at + asked))  # type: ignore[misc]
        play(connector, 200, 200, shortest=1_000)
        hours = Counter((at - START) // LONGEST_WAIT for at, _ in connector.calls)
        assert hours == {0: 3, 1: 1, 2: 1, 3: 1}


def test_one_who_asks_for_patience_for_one_person_delays_that_person_only() -> None:
    connector = Answering(lambda each, at: Deferred(why="HTTP 429", until=at + LONGEST_WAIT) if each.activation_id == "a3"
                          else Delivered(), most=1)
    log = play(connector, 10, 30)
    assert log.final(Delivered) | log.final(Deferred) == {f"a{n}": 1 for n in range(10)}


def test_what_was_refused_here_does_not_make_a_server_that_is_down_look_well() -> None:
    """With one in ten refused it was asked 1,086 times in two minutes."""
    connector = Answering(lambda each, _: Refused(why="no address") if int(each.activation_id[1:]) % 10 == 0
                          else Deferred(why="HTTP 503"))
    play(connector, 5_000, 2, look=20)
    assert sum(len(names) for _, names in connector.calls) < 150


@pytest.mark.parametrize("text", [
    "9" * 9, "Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 99999999999 23:59:59 GMT", "soon", ""])
def test_any_retry_after_can_be_read(text: str) -> None:
    instant_of(text, START)


@pytest.mark.parametrize("given", ["250 \udce9", 5, "x" * 201, "a\nb", ["x"], ""])
def test_a_reference_is_short_text_or_none(given: Any) -> None:
    """With one that no record can hold the outcome was never written down, and everybody was written to again and again."""
    assert Delivered(reference=given).reference in (None, "")


def test_an_answer_is_read_to_its_end_however_it_comes() -> None:
    """Of an answer in two packets the first was read: a text that Twilio had taken was sent again for a day."""
    body = b'{"sid": "' + b"S" * 300_000 + b'"}'

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(body), 100_000):
            await response.write(body[start:start + 100_000])
            await asyncio.sleep(0.01)
        return response

    async def ask() -> Response | Deferred:
        app = web.Application()
        app.router.add_get("/", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        http = Http(10)
        found = await http.ask("GET", f"http://127.0.0.1:{runner.addresses[0][1]}/")
        await http.close()
        await runner.cleanup()
        return found

    found = asyncio.run(ask())
    assert isinstance(found, Response) and found.body == body


def test_of_requests_side_by_side_one_that_fails_sends_no_other_again() -> None:
    sent: Counter[str] = Counter()

    class Stumbling(Singly):
        async def _tell(self, each: Activation, at: int) -> Outcome:
            sent[each.activation_id] += 1
            if each.activation_id == "a1" and sent["a1"] < 3:
                raise OverflowError
            return Delivered()

    log = play(Stumbling(20, 1), 5, 5)
    assert log.final(Delivered) == {f"a{n}": 1 for n in range(5)} and sent == {"a0": 1, "a1": 3, "a2": 1, "a3": 1, "a4": 1}


def test_while_a_call_takes_long_the_source_hears_that_somebody_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """The group took it for dead, and its people were written to once a round."""
    monkeypatch.setattr(engine, "STAY", 0.01)
    stays = [0]

    class Slow(Answering):
        async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
            await eventually(lambda: stays[0] >= 3)
            return await super().deliver(batch, at)

    class Staying(Reading):
        async def stay(self) -> None:
            stays[0] += 1

    log = Log((activation(0),))
    runs = Engine("d", Slow(lambda *_: Delivered()), Staying(log), Limits(), clock=lambda: START)

    async def run() -> None:
        task = asyncio.create_task(runs.run())
        async with asyncio.timeout(30):
            await eventually(lambda: bool(log.final(Delivered)) or task.done())
        runs.stop()
        await task

    asyncio.run(run())
    assert log.final(Delivered) == {"a0": 1}


def test_a_hundred_that_are_not_taken_hold_up_no_others() -> None:
    """With three calls full of them the breaker opened, and its probes were for ever the first of them."""
    connector = Answering(lambda each, _: Deferred(why="HTTP 404") if int(each.activation_id[1:]) < 100 else Delivered())
    log = play(connector, 300, 180, look=10_000)
    assert log.final(Delivered) == {f"a{n}": 1 for n in range(100, 300)}


def test_removals_that_alone_are_not_taken_are_given_up_after_a_week_and_loudly(
        monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """Removals from an audience that is gone take all the room, here for 100: as many are given up as others need room."""
    monkeypatch.setattr(in_flight, "CAPACITY", 100)
    well = {f"a{n}": 1 for n in range(0, 200, 5)}
    connector = Answering(lambda each, _: Delivered() if each.activation_id in well else Deferred(why="HTTP 404"), most=10)
    log = play(connector, 200, 10 * 1_440, look=300_000, change="exited")
    assert log.final(Delivered) == well
    given_up = [each for each in log.deliveries if isinstance(each.outcome, Refused)]
    assert len(given_up) >= 60 and not well.keys() & log.final(Refused).keys()
    assert given_up[0].at >= START + REMOVALS_FOR and "HTTP 404" in str(given_up[0].outcome)
    told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    numbers = [re.search(r"given up after a week, removals: (\d+), of campaigns c;", line) for line in told]
    assert sum(int(found[1]) for found in numbers if found) == len(given_up)


@pytest.mark.parametrize(("until", "stumbles"), [(None, 4), (1, 20)])
def test_removals_wait_while_nothing_is_taken_and_whoever_comes_back_may_stumble(until: int | None, stumbles: int) -> None:
    """Nothing for ten days, then every second at once; where it asks to wait, it may stumble for as long as it likes."""
    tried: Counter[str] = Counter()
    back = START + 10 * DAY_MS

    def answer(each: Activation, at: int) -> Outcome:
        tried[each.activation_id] += at >= back
        is_taken = tried[each.activation_id] > stumbles * (int(each.activation_id[1:]) % 2)
        return Delivered() if at >= back and is_taken else Deferred(why="HTTP 429", until=until and at + until)

    log = play(Answering(answer), 50, 12 * 1_440, look=300_000, change="exited")
    assert log.final(Delivered) == {f"a{n}": 1 for n in range(50)} and not log.final(Refused)


def test_removals_wait_through_an_outage_though_its_beginning_was_ragged() -> None:
    """For two hours every second is taken, then nothing for ten days, then all that are asked for twice."""
    asked: Counter[str] = Counter()

    def answer(each: Activation, at: int) -> Outcome:
        is_up = at < START + DAY_MS // 12 and int(each.activation_id[1:]) % 2 == 0
        is_back = at >= START + 10 * DAY_MS
        asked[each.activation_id] += is_back
        return Delivered() if is_up or (is_back and asked[each.activation_id] > 1) else Deferred(why="HTTP 503")

    log = play(Answering(answer, most=1), 60, 12 * 1_440, look=300_000, change="exited")
    assert log.final(Delivered) == {f"a{n}": 1 for n in range(60)} and not log.final(Refused)


def test_what_somebody_must_mend_is_told_at_once_and_every_hour(caplog: Any) -> None:
    """It was only on `deliveries`; 1,000 removals of an audience that is gone stopped a destination for a week, unsaid."""
    connector = Answering(lambda each, _: Deferred(why="HTTP 404", to_mend=True) if each.activation_id == "a1"
                          else Deferred(why="HTTP 503"))
    play(connector, 20, 150, look=10_000, change="exited")
    told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(told) == 3 and all("d: HTTP 404, for campaigns c: address, credentials " in line for line in told)


def test_a_removal_that_alone_is_not_taken_is_given_up_though_there_is_room() -> None:
    """From the eighth day on somebody else is taken every hour."""

    def answer(each: Activation, at: int) -> Outcome:
        number = int(each.activation_id[1:])
        if number == 0:
            return Deferred(why="HTTP 404")
        turn = START + REMOVALS_FOR + number * LONGEST_WAIT
        return Delivered() if at >= turn else Deferred(why="HTTP 429", until=at + 1)

    log = play(Answering(answer, most=1), 40, 12 * 1_440, look=300_000, change="exited")
    assert log.final(Delivered) == {f"a{n}": 1 for n in range(1, 40)} and log.final(Refused) == {"a0": 1}


def test_what_is_for_other_destinations_only_is_not_read_again_by_the_next_process() -> None:
    others = {"channel": "display", "change": "entered", "content": {"audience": "a", "destinations": ["elsewhere"]}}
    connector = Answering(lambda each, at: Delivered())
    log, clock = Log(tuple(activation(number, **others) for number in range(3))), [START]

    async def run() -> None:
        runs = Engine("d", connector, Reading(log), Limits(), clock=lambda: clock[0])
        task = asyncio.create_task(runs.run())
        await eventually(lambda: log.asked > 2 or task.done())
        runs.stop()
        await task

    asyncio.run(run())
    assert connector.calls == [] and log.committed == (3, "")


def test_a_clock_that_is_set_back_by_a_day_keeps_nobody_waiting_for_a_day() -> None:
    """Whoever had been deferred, and with `apart` everybody, waited for as long as the clock was set back."""
    log, clock = Log(tuple(activation(n) for n in range(50))), [START]
    connector = Answering(lambda _, at: Delivered() if at < START else Deferred(why="HTTP 503"), most=1)

    class Stepping(Reading):
        async def take(self, most: int, within: float) -> Any:
            is_to_go_back = len(connector.calls) == 3 and clock[0] > START
            clock[0] += -DAY_MS if is_to_go_back else 1_000
            return await super().take(most, 0)

    def begun() -> Engine:
        return Engine("d", connector, Stepping(log), Limits(apart=2_000), clock=lambda: clock[0])

    async def run() -> None:
        with pytest.raises(Retryable, match="the clock was set back by 86,4"):
            await asyncio.wait_for(begun().run(), 10)
        connector.calls.clear()
        again = begun()
        task = asyncio.create_task(again.run())
        await eventually(lambda: len(log.final(Delivered)) == 50 or clock[0] > START)
        again.stop()
        await task

    asyncio.run(run())
    assert len(log.final(Delivered)) == 50
