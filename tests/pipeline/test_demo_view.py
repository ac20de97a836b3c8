"""The live view: one screen on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import io

from rich.console import Console

from streams.demo.view import Latency, Snapshot, View

PLAYING = Snapshot(
    phase="playing",
    elapsed_s=12.0,
    sent=4_000,
    planned=20_000,
    handled=3_990,
    events_per_second=333.3,
    profiles=1_234,
    merges=56,
    dead_letters=7,
    segments={"recent-buyers": 89, "app-users": 12},
    activations={"email": 34, "display": 5_678},
    latency=Latency(p50=12.4, p95=28.9, p99=41.2),
    hint="in another terminal: audience activate loyal-club",
)
NUMBERS = ("4,000 of 20,000 sent", "333", "1,234", "56", "7", "5,678", "34", "12 / 29 / 41 ms")


def shown(snapshots: list[Snapshot], *, is_terminal: bool) -> str:
    stream = io.StringIO()
    with View(Console(file=stream, force_terminal=is_terminal, width=140, height=40)) as view:
        for snapshot in snapshots:
            view.show(snapshot)
    return stream.getvalue()


def test_a_terminal_shows_every_number_and_the_hint() -> None:
    text = shown([PLAYING], is_terminal=True)
    for told in (*NUMBERS, "recent-buyers", "89", "app-users", "audience activate loyal-club"):
        assert told in text


def test_elsewhere_a_line_has_every_number_and_no_control_characters() -> None:
    text = shown([PLAYING], is_terminal=False)
    assert all(told in text for told in NUMBERS)
    assert "\x1b" not in text
    assert text.count("\n") == 1


def test_elsewhere_a_line_comes_every_five_seconds_and_at_each_new_phase() -> None:
    moments = [Snapshot(phase="playing", elapsed_s=second, planned=9, sent=3) for second in range(12)]
    ending = Snapshot(phase="reading the topics", elapsed_s=12)
    lines = shown([*moments, ending, ending], is_terminal=False).splitlines()
    assert [line.split()[0] for line in lines] == ["0.0", "5.0", "10.0", "12.0"]
    assert lines[-1].endswith("reading the topics")


def test_elsewhere_no_numbers_are_told_before_the_shop_plays() -> None:
    line = shown([Snapshot(phase="starting Kafka", elapsed_s=2.0, planned=20_000)], is_terminal=False)
    assert line == "  2.0 s  starting Kafka\n"


def test_an_empty_snapshot_can_be_shown() -> None:
    assert "starting Kafka" in shown([Snapshot(phase="starting Kafka")], is_terminal=True)
