"""The whole demo: a broker, workers, a simulated shop, a live view, a button to press, and the verdict.

The workers, topics and commands are those of any deployment; what it shows and judges is read from Kafka's topics.
"""
from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from streams.definitions import load_folder
from streams.demo import verdict
from streams.demo.expected import Ledger
from streams.demo.facts import Sent
from streams.demo.shop import generate
from streams.demo.tally import TOPICS, Tally
from streams.demo.view import View
from streams.demo.workers import Workers
from streams.runtime.broker.embedded import EmbeddedBroker
from streams.runtime.broker.folder import free_ports
from streams.runtime.clock import wall_ms
from streams.runtime.kafka.topics import ensure_topics
from streams.runtime.outside.button import press_button
from streams.runtime.outside.definitions_log import edit
from streams.runtime.outside.observer import Behind, Observer
from streams.runtime.outside.upstream import Upstream
from streams.runtime.settings import Settings
from streams.task.publishing import revise

DEFINITIONS = Path(__file__).parent / "definitions"
BUTTON = "loyal-club"
VIEW_EVERY = 2.0
CAUGHT_UP_WITHIN = 120.0
TOLD_WITHIN = 30.0
"""Seconds: between two 360 views of a profile; for the workers to catch up; for the topics to say the last of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """seconds: how long the shop plays. is_auto: the demo presses the button itself, half-way. is_alone: nothing else was
    ever on the broker, so that names need no prefix."""

    events: int
    seed: int
    seconds: float
    workers: int
    is_auto: bool
    is_kept: bool
    is_alone: bool
    broker: str | None
    folder: Path


class Demo:
    """One performance. The environment is handed to the workers, with the demo's own settings in it."""

    def __init__(self, script: Script, environ: Mapping[str, str], console: Console) -> None:
        self._script, self._environ, self._console = script, environ, console
        self._tally, self._ledger = Tally(), Ledger()
        self._sent = 0
        self._behind: Behind | None = None
        self._began = time.monotonic()
        self._phase = "starting Kafka"

    def run(self) -> bool:
        """True if what is on the topics is what the simulator expects."""
        with ExitStack() as stack:
            self._view = stack.enter_context(View(self._console))
            self._show()
            variables = self._variables(stack)
            self._settings = settings = Settings.read(variables)
            ensure_topics(settings)
            edit(settings, lambda found: revise(found.heads, load_folder(DEFINITIONS).sources))
            self._set("starting workers")
            self._workers = stack.enter_context(Workers(variables, self._script.folder, free_ports(self._script.workers)))
            self._workers.wait()
            stack.enter_context(Observer(settings, TOPICS, self._tally.note))
            self._behind = stack.enter_context(Behind(settings))
            self._play()
            self._catch_up()
            judged = self._judge(wall_ms())
            self._set("done")
            self._view.close()
            verdict.show(judged, self._console)
            if self._script.is_kept:
                self._stay()
        return judged.is_ok

    def _variables(self, stack: ExitStack) -> dict[str, str]:
        address, own = self._script.broker, dict[str, str]()
        if address is None:
            broker = EmbeddedBroker(self._script.folder / "kafka", on_progress=self._set)
            address, own = stack.enter_context(broker).address, {"AUDIENCE_REPLICATION": "1"}
        return {
            **self._environ, **own, "AUDIENCE_BROKER": address, "AUDIENCE_INSTANCE": "", "AUDIENCE_APP": "",
            "AUDIENCE_PREFIX": "" if self._script.is_alone else f"demo-{int(time.time())}.",
            "AUDIENCE_DATA": str(self._script.folder),
            "AUDIENCE_SESSION_TIMEOUT": "6", "AUDIENCE_PROFILE_INTERVAL": str(VIEW_EVERY)}

    def _play(self) -> None:
        """The shop, each message at its moment; the button half-way."""
        script = self._script
        self._began = time.monotonic()
        self._set("playing")
        start = wall_ms()
        pressed = not script.is_auto
        with Upstream(self._settings) as upstream:
            for sent in self._paced(generate(script.events, script.seed, start, int(script.seconds * 1000))):
                self._ledger.note(sent)
                upstream.send(sent.topic, sent.key, sent.value)
                self._sent += 1
                if not pressed and self._sent * 2 >= script.events:
                    pressed = True
                    press_button(self._settings, BUTTON)

    def _paced(self, messages: Iterator[Sent]) -> Iterator[Sent]:
        next_look = 0.0
        for sent in messages:
            while (wait := sent.received_at / 1000 - time.time()) > 0:
                time.sleep(min(wait, 0.05))
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + 0.25
                self._workers.check()
                self._show()
            yield sent

    def _catch_up(self) -> None:
        """Until every event is handled, with all that tasks told each other of it, and its last 360 views are out."""
        self._set("catching up")
        deadline = time.monotonic() + CAUGHT_UP_WITHIN
        assert self._behind is not None
        told = self._behind.answers + 1  # one answer may still be of before the last message
        while (self._behind.messages or self._behind.answers <= told) and time.monotonic() < deadline:
            self._until(time.monotonic() + 0.1)
        self._until(time.monotonic() + VIEW_EVERY + 1)

    def _judge(self, at: int) -> verdict.Verdict:
        """The topics as of this instant. A machine that halts may be late with them: then looks again for a while."""
        expected, deadline = self._ledger.expected(), time.monotonic() + TOLD_WITHIN
        self._until(time.monotonic() + VIEW_EVERY + 2)
        while not (judged := verdict.judge(self._tally.observed(at), expected)).is_ok and time.monotonic() < deadline:
            self._until(time.monotonic() + 1)
        return judged

    def _until(self, moment: float) -> None:
        while time.monotonic() < moment:
            self._workers.check()
            self._show()
            time.sleep(0.2)

    def _set(self, phase: str) -> None:
        self._phase = phase
        self._show()

    def _show(self) -> None:
        elapsed, behind = time.monotonic() - self._began, self._behind.events if self._behind else 0
        self._view.show(replace(
            self._tally.snapshot(self._phase), elapsed_s=elapsed, sent=self._sent, planned=self._script.events,
            handled=0 if behind is None else max(0, self._sent - behind), hint=self._hint(),
            events_per_second=self._sent / elapsed if elapsed else 0.0))

    def _hint(self) -> str:
        if self._script.is_auto or self._phase != "playing":
            return ""
        prefix = f"AUDIENCE_PREFIX={self._settings.prefix} " if self._settings.prefix else ""
        return (f"Press the button of {BUTTON} in a browser: {self._workers.addresses[0]}console\n"
                "or in a second terminal (the same virtual environment):\n"
                f"  {prefix}audience activate {BUTTON} --broker {self._settings.broker}")

    def _stay(self) -> None:
        """Leaves everything running until the person presses Ctrl-C."""
        addresses = " and ".join(self._workers.addresses)
        self._console.print(f"Left running: {addresses}, Kafka at {self._settings.broker}. Ctrl-C ends it.")
        try:
            while True:
                self._workers.check()
                time.sleep(1)
        except KeyboardInterrupt:
            return
