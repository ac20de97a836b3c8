"""What one event costs in the rule engine: fold and refresh, with 10, 100 and 500 live segments.

    python -m tests.bench.engine [--events N] [--fragments N] [--profile]

The ten segments are those of the yardstick job (three views within an hour, absence of an order, a sliding sum, a
sequence, …). What is added to reach 100 and 500 hears other events, so the same number is touched: the cost per event
must stay about the same. A second table touches all 500 at once. Printed, never asserted.
"""
from __future__ import annotations

import argparse
import cProfile
import pstats
import random
import time
from collections.abc import Callable, Iterator

from streams.core.definitions import Definitions, Segment
from streams.core.events import Event
from streams.core.profile import Fragment, Profile
from streams.core.segments.evaluate import create, lapse, next_due, refresh
from streams.core.segments.folding import fold
from streams.core.segments.plan import Plan, compile_plan
from streams.core.segments.rules import (
    Aggregate,
    All,
    AnyOf,
    Bound,
    Comparison,
    Condition,
    EventMatch,
    Function,
    InSegment,
    LastPerformed,
    Not,
    Operator,
    Performed,
    Rule,
    Sequence,
    Window,
)

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_767_225_600_000
EVENTS = (["Page Viewed"] * 600 + ["Product Viewed"] * 220 + ["Product Added"] * 100
          + ["Order Completed"] * 30 + ["Ad Impression"] * 40 + ["Ad Clicked"] * 10)
CATEGORIES = ("shoes", "shirts", "hats", "bags", "toys", "books")


def performed(name: str | None, within: int | None, count: int = 1, bound: Bound = Bound.AT_LEAST) -> Performed:
    names = () if name is None else (name,)
    return Performed(match=EventMatch(names=names), window=Window(within=within), count=count, bound=bound)


def last(name: str | None, where: str | None, path: tuple[str, ...], value: str) -> LastPerformed:
    exists = () if where is None else (
        Condition(property=path, comparison=Comparison(operator=Operator.EXISTS, operand=True)),)
    return LastPerformed(
        match=EventMatch(names=() if name is None else (name,), where=exists),
        where_last=(Condition(property=path, comparison=Comparison(operator=Operator.IS, operand=value)),))


SHOP: dict[str, Rule] = {
    "viewed3-1h": performed("Product Viewed", HOUR, 3),
    "cart-no-order-24h": All(rules=(performed("Product Added", DAY), Not(rule=performed("Order Completed", DAY)))),
    "pages10-7d": performed("Page Viewed", 7 * DAY, 10),
    "on-ios": last(None, None, ("context", "device", "type"), "ios"),
    "events20": performed(None, None, 20),
    "last-view-shoes": last("Product Viewed", None, ("category",), "shoes"),
    "revenue100-30d": Aggregate(
        match=EventMatch(names=("Order Completed",)), function=Function.SUM, property=("revenue",),
        comparison=Comparison(operator=Operator.GTE, operand=100), window=Window(within=30 * DAY)),
    "campaign-spring": last(None, "present", ("context", "campaign", "name"), "spring"),
    "view-then-cart-1d": Sequence(
        steps=(EventMatch(names=("Product Viewed",)), EventMatch(names=("Product Added",))),
        within=DAY, completed_within=DAY),
    "engaged": AnyOf(rules=(InSegment(id="viewed3-1h"), InSegment(id="events20"))),
}


def untouched(number: int) -> Iterator[tuple[str, Rule]]:
    """Live segments that listen to what these visitors do not do."""
    for place in range(number):
        yield f"other-{place}", All(rules=(
            performed(f"Lesson {place} Started", (1 + place % 30) * DAY, 1 + place % 4),
            Not(rule=performed(f"Lesson {place} Finished", DAY))))


def touched(number: int) -> Iterator[tuple[str, Rule]]:
    """Live segments of which every one hears every event."""
    for place in range(number):
        yield f"busy-{place}", performed(None, HOUR + place * MINUTE, 3 + place)


def plan_of(*more: tuple[str, Rule]) -> Plan:
    segments = tuple(Segment(id=name, rule=rule) for name, rule in (*SHOP.items(), *more))
    return compile_plan(Definitions(segments=segments), lambda pattern: pattern.__eq__)


def visits(number: int, people: int, seed: int = 7) -> list[tuple[int, Event]]:
    """(person, event) in the order of arrival, as the yardstick's generator draws them."""
    random_ = random.Random(seed)
    drawn = []
    while len(drawn) < number:
        person, at = int(random_.random() ** 2 * people), START + int(random_.random() * 30 * DAY)
        device = random_.choice(("ios", "android", "web"))
        campaign = random_.choice(("spring", "brand", "outlet")) if random_.random() < 0.35 else None
        for _ in range(1 + int(random_.expovariate(0.2))):
            drawn.append((at, person, device, campaign))
            at += 1 + int(random_.expovariate(1 / 40_000))
    drawn.sort()
    return [(person, _event(random_, place, *row)) for place, row in enumerate(drawn[:number]) for person in (row[1],)]


def _event(random_: random.Random, place: int, at: int, person: int, device: str, campaign: str | None) -> Event:
    name = random_.choice(EVENTS)
    properties = {"category": random_.choice(CATEGORIES), "revenue": round(5 + random_.expovariate(1 / 45), 2)}
    context: dict[str, object] = {"device": {"type": device}}
    if campaign:
        context["campaign"] = {"name": campaign}
    return Event(f"m{place}", "track", name, at, at, place, (f"cookie:{person}",), properties, context, {}, {}, "", b"")


class Engine:
    """Profiles in memory, as the profile stage drives them."""

    def __init__(self, plan: Plan, fragments: int) -> None:
        self.plan, self.fragments = plan, fragments
        self.profiles: dict[int, Profile] = {}
        self.changes = 0

    def take(self, person: int, event: Event) -> None:
        profile, now = self.profiles.get(person), event.received_at
        key = f"{person}/{event.arrival % self.fragments}"
        if profile is None:
            profile = self.profiles[person] = Profile(str(person), str(person))
            fragment = profile.fragments[key] = Fragment(key)
            touched = fold(self.plan, fragment, event, is_alone=True)
            self.changes += len(create(self.plan, profile, touched, now, event.message_id))
            return
        while (due := next_due(profile)) is not None and due < now:
            self.changes += len(lapse(self.plan, profile, due))
        fragment = profile.fragments.get(key) or profile.fragments.setdefault(key, Fragment(key))
        fragment.events += 1
        touched = fold(self.plan, fragment, event, is_alone=len(profile.fragments) == 1)
        self.changes += len(refresh(self.plan, profile, touched, now, event.message_id))


def measure(plan: Plan, stream: list[tuple[int, Event]], fragments: int) -> tuple[float, int]:
    """CPU microseconds an event, and the number of membership changes."""
    engine = Engine(plan, fragments)
    begun = time.process_time()
    for person, event in stream:
        engine.take(person, event)
    return (time.process_time() - begun) / len(stream) * 1e6, engine.changes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--fragments", type=int, default=1)
    parser.add_argument("--profile", action="store_true", help="where the time goes, with ten segments")
    options = parser.parse_args()
    stream = visits(options.events, max(1, options.events // 5))
    plans: dict[str, Callable[[], Plan]] = {
        "10 segments": plan_of,
        "100 segments, the same touched": lambda: plan_of(*untouched(90)),
        "500 segments, the same touched": lambda: plan_of(*untouched(490)),
        "510 segments, 500 more touched": lambda: plan_of(*touched(500)),
    }
    if options.profile:
        with cProfile.Profile() as profiler:
            measure(plan_of(), stream, options.fragments)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
        return
    for name, plan in plans.items():
        part = stream if "more" not in name else stream[:5_000]
        cost, changes = min(measure(plan(), part, options.fragments) for _ in range(3))
        print(f"{name:32} {cost:8.2f} us an event   {changes:8} changes")


if __name__ == "__main__":
    main()
