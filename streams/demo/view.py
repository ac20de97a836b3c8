"""The live view of the demo. It is handed snapshots and looks nothing up, so it can be tested without a pipeline.

On a terminal it redraws one screen; elsewhere (a log, a pipe) it writes a plain line now and then.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

SECONDS_BETWEEN_LINES = 5.0
BAR = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """From the moment an event is received to the activation it causes, in milliseconds."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One moment of a running demo. `phase` is a few words ("starting Kafka", "playing"); `latency` is None until something
    was activated; `hint` tells the person what to type."""

    phase: str
    elapsed_s: float = 0.0
    sent: int = 0
    planned: int = 0
    handled: int = 0
    events_per_second: float = 0.0
    profiles: int = 0
    merges: int = 0
    dead_letters: int = 0
    segments: Mapping[str, int] = field(default_factory=dict)
    activations: Mapping[str, int] = field(default_factory=dict)
    latency: Latency | None = None
    hint: str = ""


class View:
    """`with View(console) as view: view.show(snapshot)`, as often as there is something new."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        is_drawn = self._console.is_terminal
        self._live = Live(console=self._console, refresh_per_second=8, transient=False) if is_drawn else None
        self._phase = ""
        self._next_line_s = 0.0

    def __enter__(self) -> View:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Leaves the last screen standing; what is printed next comes below it."""
        if self._live:
            self._live.stop()

    def show(self, snapshot: Snapshot) -> None:
        """Without a terminal: a line at each new phase, else at most every few seconds of the demo's own time."""
        if self._live:
            self._live.update(screen(snapshot))
            return
        if snapshot.phase != self._phase or snapshot.elapsed_s >= self._next_line_s:
            self._phase = snapshot.phase
            self._next_line_s = snapshot.elapsed_s + SECONDS_BETWEEN_LINES
            self._console.print(line(snapshot), markup=False, highlight=False, soft_wrap=True)


def screen(snapshot: Snapshot) -> RenderableType:
    parts: list[RenderableType] = [
        _progress(snapshot),
        Columns([_numbers(snapshot), _counts("segment", "people", snapshot.segments), _activated(snapshot)]),
    ]
    if snapshot.hint:
        parts.append(Text(snapshot.hint, style="bold"))
    return Panel(Group(*parts), title="audience demo", title_align="left")


def line(snapshot: Snapshot) -> str:
    """All that the screen shows but the sizes of single segments."""
    told = [
        f"{snapshot.elapsed_s:5.1f} s  {snapshot.phase}",
        f"{snapshot.sent:,} of {snapshot.planned:,} sent",
        f"{snapshot.events_per_second:,.0f} events/s",
        f"{snapshot.profiles:,} profiles",
        f"{snapshot.merges:,} merges",
        f"{sum(snapshot.segments.values()):,} memberships",
        *(f"{channel} {count:,}" for channel, count in sorted(snapshot.activations.items())),
        f"{snapshot.dead_letters:,} dead letters",
        f"p50/p95/p99 {_milliseconds(snapshot.latency)}",
    ]
    return ", ".join(told) if snapshot.sent else told[0]


def _progress(snapshot: Snapshot) -> RenderableType:
    row = Table.grid(padding=(0, 1))
    done = f"{snapshot.sent:,} of {snapshot.planned:,} sent, {snapshot.handled:,} handled" if snapshot.planned else ""
    bar = ProgressBar(total=max(1, snapshot.planned), completed=snapshot.sent, width=BAR)
    row.add_row(f"{snapshot.elapsed_s:5.1f} s", Text(snapshot.phase, style="bold"), bar, done)
    return row


def _numbers(snapshot: Snapshot) -> Table:
    table = _table("now", "")
    table.add_row("events/s", f"{snapshot.events_per_second:,.0f}")
    table.add_row("profiles", f"{snapshot.profiles:,}")
    table.add_row("merges", f"{snapshot.merges:,}")
    table.add_row("dead letters", f"{snapshot.dead_letters:,}")
    return table


def _activated(snapshot: Snapshot) -> Table:
    table = _counts("channel", "activations", snapshot.activations)
    table.add_section()
    table.add_row("event to activation", "")
    table.add_row("  p50 / p95 / p99", _milliseconds(snapshot.latency))
    return table


def _counts(what: str, how_many: str, counts: Mapping[str, int]) -> Table:
    table = _table(what, how_many)
    for name, count in sorted(counts.items()):
        table.add_row(name, f"{count:,}")
    return table


def _table(first: str, second: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(first, no_wrap=True)
    table.add_column(second, justify="right", no_wrap=True)
    return table


def _milliseconds(latency: Latency | None) -> str:
    if latency is None:
        return "-"
    return f"{latency.p50:.0f} / {latency.p95:.0f} / {latency.p99:.0f} ms"
