"""The one task: takes records, steps the pure core through them, and gives what is to be committed."""
from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from math import ceil

from schemas.codec import Codec
from schemas.errors import Undecodable
from streams.core.bounds import LARGEST
from streams.core.context import Context
from streams.core.endings import Redact
from streams.core.errors import Rejected
from streams.core.identifiers import Namespaces
from streams.core.intervals import BEGINNING
from streams.core.messages import Adopt, Sent
from streams.core.profile import Profile
from streams.core.profiling import shrink
from streams.core.segments.plan import Plan
from streams.core.step import fire, step
from streams.release import release
from streams.standing import Standing
from streams.task.answers import Answers
from streams.task.arrivals import Arrivals
from streams.task.outputs import AvroSink, Sink, decided, refused, unread
from streams.task.presses import Presses
from streams.task.reading import COLLECTED, Reader
from streams.task.redactions import REDACTION, Redactions
from streams.task.revisions import Revisions
from streams.task.routing import COMMANDS, Router
from streams.task.rows import size_of
from streams.task.settings import TaskSettings
from streams.task.state import State
from streams.task.sweep import Sweep
from streams.task.templates import render
from streams.task.turns import Turn
from streams.task.wire import Applied, Ask, Revise, Staged, Taken
from streams.unit import Change, Inbound, Outcome, Store

CAMPAIGN = "campaign"
PROFILES = "profiles"
GOVERNING = frozenset({Applied, Revise})
"""What may change how the records behind it are read."""
AT_ONCE = 50
"""Records read before the first of them is handled. Reading the whole unit first costs 2 us of 55 an event: the records
leave the processor's caches, and each search for cycles meets them."""
TIMERS_A_UNIT = 250
"""So few that events hardly wait for a flood of them, as when thousands came in together and leave together. Where there are
more records than this, as many as records."""


class Task:
    """All stages of one partition: a `streams.unit.Processor`.

    Nothing that it holds refers back to it, so all of that is freed with it, without a search for cycles
    (`runtime.cycles`)."""

    def __init__(
        self, partition: int, partitions: int, store: Store, settings: TaskSettings | None = None,
        codec: Codec | None = None, sink: Sink | None = None,
    ) -> None:
        self.partition = partition
        self._settings = settings or TaskSettings()
        self._codec = codec or Codec()
        self._sink = sink or AvroSink(self._codec, release(), self._settings.ageing)
        self.state = State(store)
        self._router = Router(partition, partitions, self.state, self._codec)
        self.revisions = Revisions(store)
        self._sweep = Sweep(store, self.state, self.revisions)
        self._presses = Presses(store, self.state, partitions)
        self._answers = Answers(partition, store, self.state, self.revisions)
        self.now: int = self.revisions.numbers.get("now") or 0
        self._arrivals = Arrivals(partition, self.revisions.numbers.get("arrivals") or 0)
        self._reader = Reader(self._codec, Namespaces(), self._settings.arrivals or self._arrivals.next,
                              self._settings.profile_id)
        self._redactions = Redactions(store, self.state, self._reader)
        self._is_new_edition = False
        self._rebuilt: Counter[str] = Counter()
        self.refused = ""
        """What was wrong with the last revision; empty if it is in force."""
        self.context = self._put_in_force()
        self._presses.resume(self.context)

    @property
    def consent_faults(self) -> Counter[str]:
        """Consent strings that could not be read since this task began, by reason."""
        return self._reader.intake.consent_faults

    def frontier(self, record: Inbound) -> int:
        return self._reader.frontier(record)

    def next_timer(self) -> int | None:
        timer, due = self.state.timers.first(), self._presses.next_due()
        if timer is None:
            return due
        timer_due, _, _ = timer
        return timer_due if due is None else min(timer_due, due)

    def busy(self) -> bool:
        return self._sweep.is_pending() or self._presses.is_pending(self.now) or self._answers.is_pending() or (
            self._redactions.is_pending())

    def standing(self) -> Standing:
        return replace(self._sweep.standing(self.context), presses=self._presses.standing())

    def run(
        self, batch: Sequence[Inbound], wall: int, timers_until: int, portion: float = 1.0, *, has_turn: bool = True,
    ) -> Outcome:
        """One unit of work: see `streams.unit.Processor.run`."""
        self.context.wall = wall
        outcome, faults = Outcome([], []), self.consent_faults.copy()
        self.state.expect(batch)
        waiting = deque(batch)
        while waiting:
            self._take(waiting, wall, outcome)
        self._fire(timers_until, max(ceil(TIMERS_A_UNIT * portion), len(batch)))
        self._work_on(timers_until, portion, has_records=bool(batch), has_turn=has_turn)
        self._router.outputs += self._answers.give(
            self.context, self.now, self.standing, has_records=bool(batch) or not has_turn)
        if self.now != self.revisions.numbers.get("now"):
            self.revisions.numbers.put("now", self.now)
        self._collect(outcome)
        outcome.applied = len(batch) - outcome.rejected
        outcome.consent_faults = self.consent_faults - faults
        return outcome

    def _collect(self, outcome: Outcome) -> None:
        """Moves all that the unit has changed, said and counted into `outcome`."""
        outcome.changes += self._stored()
        outcome.changes += self.revisions.changes() + self._presses.changes() + self._redactions.changes()
        sends, outputs = self._router.take()
        outcome.sends += sends
        outcome.sends += self._sink.records(outputs, self.context.plan, self.now)
        outcome.decisions, outcome.erased = decided(outputs), refused(outputs)
        outcome.rebuilt = +self._rebuilt
        self._rebuilt.clear()

    def _stored(self) -> list[Change]:
        """The state's changes. A profile whose row no record could hold, in spite of `bounds`, is made smaller first."""
        changes = self.state.changes()
        large = [each for each in changes if each.table == PROFILES and each.value and len(each.value) > LARGEST]
        for each in large:
            row = self.state.profiles.get(each.key.decode())
            if isinstance(row, Profile):
                self._follow(shrink(self.context, row, self.now))
        return [each for each in changes if each not in large] + self.state.changes() if large else changes

    def _take(self, waiting: deque[Inbound], wall: int, outcome: Outcome) -> None:
        work = self._read(waiting, wall, outcome)
        self.state.prefetch(work)
        for message, at in work:
            if at > self.now:
                self.now = max(self.now, min(at, wall))
            self._handle(message)

    def _read(self, waiting: deque[Inbound], wall: int, outcome: Outcome) -> list[tuple[Taken, int]]:
        """Takes the first of these off and reads them. What follows a revision is not read before that is in force."""
        found: list[tuple[Taken, int]] = []
        while waiting and len(found) < AT_ONCE:
            record = waiting.popleft()
            try:
                read = self._reader.read(record, wall)
            except (Rejected, Undecodable) as fault:
                outcome.rejected += 1
                outcome.strange += any(name == COLLECTED for name, _ in record.headers)
                outcome.sends += self._sink.dead_letter(record, str(fault), "events", min(record.at, wall))
                continue
            if read is not None:
                found.append(read)
                message, _ = read
                if type(message) in GOVERNING:
                    break
        if self._settings.arrivals is None and found:
            self.revisions.numbers.put("arrivals", self._arrivals.last)
        return found

    def _handle(self, message: Taken) -> None:
        """One message, and all that it causes in this partition."""
        if not self._router.pass_on(message, self.now):
            self._handle_here(message)
            if self._router.queue:
                self._drain()

    def _follow(self, sends: list[Sent]) -> None:
        """All that these cause in this partition."""
        self._router.route(sends, self.now)
        self._drain()

    def _drain(self) -> None:
        queue = self._router.queue
        while queue:
            self._handle_here(queue.popleft())

    def _handle_here(self, message: Taken) -> None:
        if type(message) in COMMANDS:
            given = self._redactions.come(message) if isinstance(message, Adopt) else message
            if sends := step(self.context, given, self.now):  # type: ignore[arg-type]
                self._router.route(sends, self.now)
        elif isinstance(message, Applied):
            self._router.announce(message.message, self.now)
            self._handle_here(message.message)
        elif isinstance(message, Staged):
            self.revisions.stage(message)
        elif isinstance(message, Revise):
            self._revise(message.revision)
        elif isinstance(message, Ask):
            self._answers.ask(message)
        elif isinstance(message, Redact):
            self._redactions.ask(message.identifier, max(self.now, self.context.wall), is_guess=message.is_guess)
            self._presses.forget(message.identifier)

    def _revise(self, revision: int) -> None:
        self.refused = self.revisions.faults(revision)
        if self.refused:
            record = unread(revision, self.partition, self.now)
            reason = f"revision {revision} is not in force here, what was goes on: {self.refused}"
            self._router.sends += self._sink.dead_letter(record, reason, "definitions", self.now)
            return
        self.revisions.put_in_force(revision)
        former = self.context.plan
        self.context = self._put_in_force(self.context.wall, former)
        self._is_new_edition = True
        self._sweep.begin(former, self.context.plan)
        self._presses.begin(self.context, self.revisions.presses(), self.now)
        self._arm_campaigns()

    def _fire(self, until: int, most: int) -> None:
        for _ in range(most):
            timer = self.state.timers.take(until)
            if timer is None:
                return
            due, cause, key = timer
            if cause == CAMPAIGN:
                self.now = max(self.now, due)
                self.context.edition = self.revisions.next_edition()
                self._is_new_edition = True
            elif cause == REDACTION:
                self._redactions.end(key, due)
            else:
                self._follow(fire(self.context, due, cause, key))

    def _work_on(self, timers_until: int, portion: float, *, has_records: bool, has_turn: bool) -> None:
        """A slice of background work. Not beside records, which would wait for it; nor in the unit that began it, since a
        walk over the store would miss the profiles that are new in that unit. A press with a pace goes on without a turn, as
        it comes by timer."""
        is_new, self._is_new_edition = self._is_new_edition, False
        if has_records or is_new:
            return
        turn = Turn(context=self.context, now=self.now if has_turn else BEGINNING, until=timers_until, portion=portion,
                    follow=self._follow)
        if self._presses.slice(turn) or not has_turn:
            return
        if self._sweep.is_pending():
            self._sweep.slice(turn)
        elif self._redactions.is_pending():
            self._redactions.slice(turn)

    def _put_in_force(self, wall: int = 0, former: Plan | None = None) -> Context:
        plan = self.revisions.plan()
        namespaces = Namespaces(plan.definitions.namespaces, plan.definitions.caps)
        self._reader.intake.namespaces = namespaces
        self._reader.intake.mapping = plan.definitions.consent
        return Context(
            tables=self.state.tables, plan=plan, namespaces=namespaces, edition=self.revisions.edition,
            profile_id=self._settings.profile_id, size_of=size_of, reread=self._reader.reread,
            redact=self._reader.redact, render=render, wall=wall, view_after=self._settings.view_after,
            presses=self._presses.rows, former=former, rebuilt=self._rebuilt)

    def _arm_campaigns(self) -> None:
        for campaign in self.context.plan.definitions.campaigns:
            for instant in (campaign.starts, campaign.ends):
                if instant is not None and instant > self.now:
                    self.state.timers.disarm(instant, CAMPAIGN, campaign.id)
                    self.state.timers.arm(instant, CAMPAIGN, campaign.id)
