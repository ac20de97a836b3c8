"""`Pipeline`: the same stages in process, on virtual time, for tests, notebooks and `audience backtest`.

    pipeline = Pipeline(Path("definitions"))
    pipeline.send({"type": "track", "event": "Product Added", "anonymousId": "c1", "timestamp": 0})
    pipeline.advance(by=3 * 86_400_000)
    pipeline.members("cart-abandoners")

Tasks, partition hashing and the bytes between tasks are the real ones; Kafka and RocksDB are not there. Every message is
followed through all tasks before the next is taken, so the result depends neither on the number of partitions nor on
`seed`, which shuffles the order in which tasks get their turns.
"""
from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, TypeVar

import orjson

from schemas.codec import Codec
from streams.core.breaches import Breach
from streams.core.definitions import Definitions
from streams.core.errors import Misconfigured
from streams.core.identifiers import Namespaces
from streams.core.outputs import Activation, Answered, IdentityChanged, MembershipChanged, Suppressed
from streams.core.profile import Profile
from streams.core.requests import Receipt
from streams.core.segments.plan import Plan
from streams.core.values import Json
from streams.definitions import load_folder
from streams.definitions.build import by_key
from streams.definitions.faults import no_such
from streams.definitions.lists import as_bytes
from streams.definitions.members import meant
from streams.memory import MemoryStore
from streams.moments import Moment, Span, moment, received_at, span
from streams.task import Task, TaskSettings
from streams.task.arrivals import Arrivals
from streams.task.breaches import breaches_of
from streams.task.outputs import Collected
from streams.task.publishing import Published, press, records, revise
from streams.task.requesting import request
from streams.task.views import view
from streams.task.wire import Ask, encode
from streams.unit import Inbound

NO_TIMERS = -(1 << 62)
LATEST = 1 << 42
"""In ms; the number of an arrival has 63 bits. Messages of the year 2109 and later have numbers in order all the same."""
Output = TypeVar("Output")
Given: TypeAlias = Path | str | Definitions | Mapping[str, Json] | Sequence[Json]


class Pipeline:
    """Definitions may be a folder, `Definitions`, a document or a list of them, or documents by `kind/id`. `now` is epoch
    ms. Profiles and events end for their age as on a worker (`streams/core/README.md`)."""

    def __init__(
        self, definitions: Given | None = None, partitions: int = 4,
        start: Moment = 0, seed: int = 0, profile_key: str = "backtest",
    ) -> None:
        if partitions < 1:
            raise ValueError(f"partitions is {partitions}; expected a whole number, 1 or more")
        self.now = moment(start)
        self.rebuilt: Counter[str] = Counter()
        """Since the beginning: profiles whose events were read again for new definitions, those events, leaves folded."""
        self.collected = Collected()
        self._arrivals = Arrivals(0, 0)
        self._random = random.Random(seed)
        self._codec = Codec()
        settings = TaskSettings(profile_key=profile_key, view_after=None, arrivals=self._next_arrival)
        self.stores = [MemoryStore() for _ in range(partitions)]
        self.tasks = [Task(p, partitions, self.stores[p], settings, self._codec, self.collected)
                      for p in range(partitions)]
        self._waiting: list[deque[Inbound]] = [deque() for _ in range(partitions)]
        self._standing: dict[str, Published] = {}
        self._revision = 0
        self._offset = 0
        if definitions is not None:
            self.apply(definitions)

    def apply(self, definitions: Given) -> None:
        """Replace all definitions by these, now. Misconfigured with what is wrong with them."""
        if isinstance(definitions, Path | str):
            definitions = load_folder(Path(definitions))
        documents = definitions.sources if isinstance(definitions, Definitions) else by_key(definitions)
        self._publish(revise(self._standing, documents))
        if faults := self.tasks[0].refused:
            raise Misconfigured((faults,))

    def activate(self, campaign: str, state: str = "live", per_second: float | None = None) -> None:
        """Press the button of a campaign; with a pace, `advance` brings it on. Another state: pause it. Misconfigured if
        there is no such campaign."""
        key = f"campaign/{campaign}"
        old = self._standing.get(key)
        if old is None or old.document is None:
            raise Misconfigured((no_such("campaign", campaign, self._named("campaign")),))
        new = press(old, self._revision + 1, per_second) if state == "live" else replace(old, state=state)
        if new is not None:
            self._publish({key: new})

    def request(
        self, action: str, identifier: str, reason: str | None = None, request_id: str | None = None,
        split_off: Sequence[str] = (),
    ) -> None:
        """A record on `privacy.requests`, now. `request_id`: one of its own where left out."""
        self._offset += 1
        value = self._codec.encode("privacy_request", request(
            action, identifier, request_id=request_id or f"{action}-{self._offset}", source="pipeline", at=self.now,
            reason=reason, split_off=split_off))
        self._waiting[self._random.randrange(len(self.tasks))].append(
            Inbound("privacy.requests", 0, self._offset, identifier.encode(), value, self.now))
        self._drain()

    def send(self, message: Mapping[str, Json] | bytes, at: Moment | None = None, line: int = 0, file: int = 0) -> None:
        """One message, received at `at` (else its `receivedAt` or `timestamp`, else now), but never in the past: first
        what time alone brings until then, then the message, and everything it causes. All tasks go by that clock. `line`
        and `file`: where it stands, the offset and the partition of its record."""
        raw = message if isinstance(message, bytes) else orjson.dumps(message)
        received = received_at(raw, self.now) if at is None else moment(at)
        self.advance(to=max(self.now, received), including=False)
        for task in self.tasks:
            task.now = max(task.now, self.now)
        self._waiting[self._random.randrange(len(self.tasks))].append(
            Inbound("events.hits", file, line, None, raw, self.now))
        self._drain()

    def ask(
        self, documents: Mapping[str, Json] | None = None, people: int = 0, shown: int = 0, segments: Iterable[str] = (),
    ) -> list[Answered]:
        """What every task answers now, in the order of partitions; with a preview of what these `documents` would
        change, None for one deleted."""
        self._offset += 1
        changes = None if documents is None else as_bytes(documents)
        question = Ask(f"ask-{self._offset}", self.now + 1, changes, people, shown, tuple(segments))
        for partition, waiting in enumerate(self._waiting):
            asked = encode(self._codec, question, self.now)
            waiting.append(Inbound("commands", partition, self._offset, b"", asked, self.now))
        self._drain()
        said = [each for each in self._outputs(Answered) if each.request_id == question.request_id]
        return sorted(said, key=lambda answer: answer.partition)

    def erase(self, identifier: str, request_id: str | None = None) -> Receipt:
        """Ask, now, that whoever has the identifier is forgotten; what was done where."""
        self.request("erase", identifier, request_id=request_id)
        return self.receipts[-1]

    def split(self, identifier: str, *split_off: str) -> None:
        """Ask, now, that these identifiers of whoever has `identifier` become a person of their own."""
        self.request("split", identifier, split_off=split_off)

    def advance(self, *, to: Moment | None = None, by: Span | None = None, including: bool = True) -> None:
        """Let time pass: what is due until then happens, each at its own instant. `including`: also at `to`. A moment
        that is over changes nothing. ValueError unless one of `to` and `by` is given."""
        if to is not None and by is None:
            target = moment(to)
        elif by is not None and to is None:
            target = self.now + span(by)
        else:
            raise ValueError("advance() takes either to=, a moment, or by=, a span of time")
        last = target if including else target - 1
        while True:
            due = [instant for task in self.tasks if (instant := task.next_timer()) is not None]
            if not due or min(due) > last:
                break
            self.now = max(self.now, min(due))
            for index in self._shuffled():
                self._run(index, [], min(due))
            self._drain()
        self.now = max(self.now, target)

    def profile(self, identifier: str) -> dict[str, Json] | None:
        """The 360 view of whoever has this identifier now, however it is spelled; None if nobody has."""
        identifier = meant(identifier)
        for profile in self.profiles():
            if identifier in profile.identifiers:
                return view(self.plan, profile, self.now)
        return None

    def profiles(self) -> list[Profile]:
        """Every living profile, in no particular order."""
        found = []
        for task, store in zip(self.tasks, self.stores, strict=True):
            for key in store.keys("profiles"):
                row = task.state.profiles.get(key.decode())
                if isinstance(row, Profile):
                    found.append(row)
        return found

    def members(self, segment: str) -> set[str]:
        """The identifiers of everybody in the segment now; of one that was deleted nobody's. Misconfigured if there never
        was one of that name."""
        if f"segment/{segment}" not in self._standing:
            raise Misconfigured((no_such("segment", segment, self._named("segment")),))
        return {i for p in self.profiles() if segment in p.members for i in p.identifiers}

    def activations(self, channel: str | None = None) -> list[Activation]:
        return [each for each in self._outputs(Activation) if channel in (None, each.channel)]

    @property
    def memberships(self) -> list[MembershipChanged]:
        return self._outputs(MembershipChanged)

    def breaches(self, namespaces: Namespaces | None = None) -> list[Breach]:
        """The profiles that these identity rules, or those in force, would not let come into being."""
        context = self.tasks[0].context
        return breaches_of(self.stores, namespaces or context.namespaces, context.profile_id, self.now)

    @property
    def identity(self) -> list[IdentityChanged]:
        return self._outputs(IdentityChanged)

    @property
    def receipts(self) -> list[Receipt]:
        return self._outputs(Receipt)

    @property
    def suppressed(self) -> list[Suppressed]:
        return self._outputs(Suppressed)

    @property
    def rejected(self) -> list[tuple[Inbound, str]]:
        return self.collected.rejected

    @property
    def plan(self) -> Plan:
        return self.tasks[0].context.plan

    def _outputs(self, kind: type[Output]) -> list[Output]:
        return [each for each in self.collected.outputs if isinstance(each, kind)]

    def _named(self, kind: str) -> list[str]:
        """The ids of this kind that are defined."""
        return [key.partition("/")[2] for key, each in self._standing.items()
                if key.startswith(f"{kind}/") and each.document is not None]

    def _publish(self, changed: dict[str, Published]) -> None:
        self._standing |= changed
        self._revision += 1
        for key, record in records(changed, self._revision, self.now):
            self._waiting[0].append(Inbound(
                "definitions", 0, 0, key.encode(), self._codec.encode("definition", record), self.now))
        self._drain()

    def _drain(self) -> None:
        """Everything under way to its end, tasks taking turns in an order that the seed shuffles."""
        while any(self._waiting) or any(task.busy() for task in self.tasks):
            for index in self._shuffled():
                waiting = self._waiting[index]
                if waiting or self.tasks[index].busy():
                    batch = list(waiting)
                    waiting.clear()
                    self._run(index, batch, NO_TIMERS)

    def _run(self, index: int, batch: list[Inbound], timers_until: int) -> None:
        outcome = self.tasks[index].run(batch, self.now, timers_until)
        self.stores[index].write(outcome.changes)
        self.rebuilt.update(outcome.rebuilt)
        for sent in outcome.sends:
            assert sent.partition is not None
            self._waiting[sent.partition].append(
                Inbound(sent.topic, sent.partition, self._offset, sent.key, sent.value, self.now))

    def _shuffled(self) -> list[int]:
        order = list(range(len(self.tasks)))
        self._random.shuffle(order)
        return order

    def _next_arrival(self, at: int) -> int:
        return self._arrivals.next(min(at, LATEST))
