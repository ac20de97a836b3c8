"""Runs one destination: takes activations, hands them to the connector, writes down what became of them.

Its only state is what is in flight, which the next start rebuilds from the source. The order is the guarantee: deliver,
write the outcome, mark it done. After a kill in between, the activation is delivered again under the same id: that is what
an idempotency key is for, and no other order could avoid it.
"""
from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import assert_never

from connectors.delivery.activation import Activation
from connectors.delivery.contract import Activations, Connector, Delivery
from connectors.delivery.in_flight import InFlight, Pending
from connectors.delivery.outcomes import Deferred, Delivered, Outcome, Refused, where
from connectors.delivery.pace import Breaker, Bucket, back_off
from connectors.delivery.progress import CAPACITY
from streams.core.errors import AudienceError, Bug, Retryable
from streams.core.intervals import DAY_MS

log = logging.getLogger(__name__)

IDLE = 0.5
"""Seconds to wait at most before looking again, so that a source that must be asked regularly is."""
STAY = 240.0
"""Seconds of a call after which the source is told that this engine lives: it takes whoever is silent for dead."""
LONGEST_WAIT = DAY_MS // 24
"""ms; a destination that asks to be left alone for longer is asked that often. What is to be mended is told as often."""
REMOVALS_FOR = 7 * DAY_MS
"""ms after which a removal may be given up: as long as its topic keeps it. An older one is in this process alone, and the
next start would lose it without a word; and when nothing more fits in flight, those behind it would be dropped by their
topic unread."""
SET_BACK = 60_000
"""ms that the clock may go back. Further, everything that waits for an instant would wait so much longer."""
PASSED_OVER = 5
"""Attempts after that, each since others were taken: a server that comes back stumbles over some for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`shortest` and `longest` bound the back-off and the breaker, in ms. `give_up_after` (ms) counts from the activation's
    own time, so that a restart does not begin it anew; removals have `REMOVALS_FOR`. `apart` (ms) is between two calls, so
    that what comes meanwhile goes together: for destinations that count calls."""

    per_second: float = 0
    burst: int = 100
    apart: int = 0
    shortest: int = 1_000
    longest: int = 60_000
    give_up_after: int = DAY_MS


class Engine:
    """`clock` gives epoch ms; `chance` a share for the jitter."""

    def __init__(
        self, destination: str, connector: Connector, activations: Activations, limits: Limits, *,
        clock: Callable[[], int], chance: Callable[[], float] = random.random,
    ) -> None:
        self._destination = destination
        self._connector = connector
        self._activations = activations
        self._limits = limits
        self._clock = clock
        self._chance = chance
        self._in_flight = InFlight()
        self._bucket = Bucket(limits.per_second, max(limits.burst, 1))
        self._breaker = Breaker(shortest=limits.shortest, longest=limits.longest)
        self._next_call_at = 0
        self._took_at = self._latest = 0
        self._told_at: dict[str, int] = {}
        self._stopping = False

    @property
    def waiting(self) -> int:
        """Activations that were taken and are not settled."""
        return len(self._in_flight)

    @property
    def is_held_back(self) -> bool:
        """Whether the breaker is open: the destination failed again and again, and is only probed."""
        return self._breaker.is_open

    def stop(self) -> None:
        """Ends `run` after what is under way."""
        self._stopping = True

    async def run(self) -> None:
        """Until stopped, or until the source fails: then nothing is lost, and the next start goes on."""
        try:
            while not self._stopping:
                await self._take()
                await self._deliver()
        finally:
            await self._connector.close()

    async def _take(self) -> None:
        taken = await self._activations.take(self._in_flight.room, self._patience())
        skipped, at = 0, self._now()
        for each in taken:
            if each.activation.is_for(self._destination):
                self._in_flight.add(each, at)
            else:
                self._in_flight.skip(each.place)
                skipped += 1
        if skipped and skipped == len(taken):
            await self._activations.settle((), self._in_flight.marks())

    def _now(self) -> int:
        """Retryable if the clock was set back: whoever runs this engine begins again, with nothing in flight."""
        at = self._clock()
        if at < self._latest - SET_BACK:
            raise Retryable(f"the clock was set back by {(self._latest - at) / 1000:,.0f} s", after=0)
        self._latest = max(self._latest, at)
        return at

    def _patience(self) -> float:
        """Seconds until something else than the source may give work."""
        due_at, at = self._in_flight.next_due(), self._clock()
        if due_at is None:
            return IDLE
        if not self._bucket.available(at):
            due_at = max(due_at, self._bucket.more_at(at))
        return min(IDLE, max(0, max(due_at, self._breaker.closed_at, self._next_call_at) - at) / 1000)

    async def _deliver(self) -> None:
        at = self._clock()
        late = [(each, why) for each in self._in_flight.due(at, len(self._in_flight)) if (why := self._too_late(each, at))]
        if late:
            await self._settle([each for each, _ in late], [Refused(why=why) for _, why in late], at)
        most = self._breaker.allowed(at, min(self._connector.most, self._bucket.available(at)))
        batch = self._in_flight.batch(at, most)
        if not batch or at < self._next_call_at:
            return
        self._next_call_at = at + self._limits.apart
        self._bucket.spend(len(batch))
        outcomes = await self._asked(batch, at)
        answered_at = self._clock()
        self._learn(outcomes, answered_at)
        self._tell_what_to_mend(batch, outcomes, answered_at)
        await self._settle(batch, outcomes, answered_at)

    def _learn(self, outcomes: Sequence[Outcome], at: int) -> None:
        """What the outcomes of a call say of the destination. One that was refused may not have been sent at all; one that
        is to be tried later says nothing of others, until several calls in a row end so."""
        asked_for = [outcome.until or 0 for outcome in outcomes if isinstance(outcome, Deferred)]
        if any(isinstance(outcome, Delivered) for outcome in outcomes):
            self._took_at = at
            self._breaker.succeeded()
        elif asked_for:
            self._breaker.failed(at)
            if self._breaker.is_open:
                self._next_call_at = max(self._next_call_at, min(*asked_for, at + LONGEST_WAIT))

    def _tell_what_to_mend(self, batch: Sequence[Pending], outcomes: Sequence[Outcome], at: int) -> None:
        found: dict[str, set[str]] = {}
        for pending, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Deferred) and outcome.to_mend:
                found.setdefault(outcome.why, set()).add(pending.activation.campaign_id)
        for why, campaigns in found.items():
            if at - self._told_at.get(why, -LONGEST_WAIT) >= LONGEST_WAIT:
                self._told_at[why] = at
                log.error("%s: %s, for campaigns %s: address, credentials or an audience of its settings are wrong, or gone "
                          "there; mend them there or in the definition. Until then it is asked again and again, and nothing "
                          "more is read once %d activations wait",
                          self._destination, why, ", ".join(sorted(campaigns)), CAPACITY)

    def _too_late(self, pending: Pending, at: int) -> str:
        """Why it is not even tried: a message a day late, as to a destination that is new, is worse than none. What
        was tried before has the last word of its last attempt."""
        activation = pending.activation
        if activation.is_expired(at):
            return "expired before it was delivered"
        is_stale = activation.change == "message" and at - activation.at >= self._limits.give_up_after
        return "too old before it was tried" if is_stale and not pending.attempt else ""

    async def _asked(self, batch: Sequence[Pending], at: int) -> Sequence[Outcome]:
        call = asyncio.ensure_future(self._connector.deliver([pending.activation for pending in batch], at))
        await self._stay_during(call)
        try:
            outcomes = call.result()
        except Exception as failure:  # a connector's bug delays its own destination and nobody else
            log.error("%s: the connector failed: %s", self._destination, where(failure))
            for pending in batch:
                pending.is_alone = True
            return [Deferred(why=f"the connector failed: {type(failure).__name__}")] * len(batch)
        if len(outcomes) != len(batch):
            raise Bug(f"{self._destination}: {len(outcomes)} outcomes for {len(batch)} activations; expected one each")
        return outcomes

    async def _stay_during(self, call: asyncio.Future[Sequence[Outcome]]) -> None:
        """What goes wrong with the source meanwhile is said again by whatever asks it next."""
        try:
            while not (await asyncio.wait({call}, timeout=STAY))[0]:
                with suppress(AudienceError):
                    await self._activations.stay()
        except BaseException:
            call.cancel()
            raise

    async def _settle(self, batch: Sequence[Pending], outcomes: Sequence[Outcome], at: int) -> None:
        deliveries = [self._note(pending, outcome, at) for pending, outcome in zip(batch, outcomes, strict=True)]
        await self._activations.settle(deliveries, self._in_flight.marks())
        self._tell_of_lost([
            final.activation for final, outcome in zip(deliveries, outcomes, strict=True)
            if isinstance(outcome, Deferred) and isinstance(final.outcome, Refused) and final.activation.is_removal])

    def _tell_of_lost(self, removals: Sequence[Activation]) -> None:
        if removals:
            log.error("%s: given up after a week, removals: %d, of campaigns %s; those people are still in the audience "
                      "there: make it anew; the reasons are on `deliveries`, as refused",
                      self._destination, len(removals), ", ".join(sorted({each.campaign_id for each in removals})))

    def _note(self, pending: Pending, outcome: Outcome, at: int) -> Delivery:
        pending.attempt += 1
        final = self._decided(pending, outcome, at)
        match final:
            case Deferred():
                pending.due_at = self._retry_at(pending, final, at)
            case Delivered() | Refused():
                self._in_flight.settle(pending)
            case _:
                assert_never(final)
        return Delivery(activation=pending.activation, destination=self._destination, outcome=final, at=at,
                        attempt=pending.attempt, retry_at=pending.due_at if isinstance(final, Deferred) else None)

    def _decided(self, pending: Pending, outcome: Outcome, at: int) -> Outcome:
        if not isinstance(outcome, Deferred):
            return outcome
        age = at - pending.activation.at
        if pending.activation.is_removal:
            pending.passed_over += age >= REMOVALS_FOR and outcome.until is None and self._took_at > pending.deferred_at
            is_over = pending.passed_over >= PASSED_OVER or (age >= REMOVALS_FOR and not self._in_flight.room)
        else:
            is_over = age >= self._limits.give_up_after
        pending.deferred_at = at
        return Refused(why=f"given up after {pending.attempt} attempts: {outcome.why}") if is_over else outcome

    def _retry_at(self, pending: Pending, deferred: Deferred, at: int) -> int:
        pause = back_off(pending.attempt, shortest=self._limits.shortest, longest=self._limits.longest,
                         chance=self._chance())
        return max(at + pause, min(deferred.until or 0, at + LONGEST_WAIT))
