"""The button of a campaign from outside: press it, pause it, and how far a press is. For the command line and the web.

Pressing only writes a record of `definitions`, so it works whether a worker runs or not. How far a press is, the tasks are
asked: they count in their own units of work.
"""
from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from streams.core.errors import Misconfigured
from streams.definitions.faults import no_such
from streams.runtime.outside.asking import ask
from streams.runtime.outside.definitions_log import History, edit, history
from streams.runtime.settings import Settings
from streams.standing import PressStanding, Standing, total
from streams.task.answers import standing_of
from streams.task.publishing import Published, press
from streams.task.wire import Ask


class UnknownCampaign(Misconfigured):
    """Nobody defined it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PressProgress:
    """How far the last press of a campaign is. state: draft, paused or live. present, reached, activated: as
    `PressStanding`, over the tasks that have heard of the press and answered. is_over: in all tasks, or never pressed.
    silent: tasks that have not reported on it yet."""

    campaign: str
    state: str
    present: int
    reached: int
    activated: int
    is_over: bool
    silent: int


def press_button(settings: Settings, campaign: str, per_second: float | None = None) -> bool:
    """False if the campaign is live already and the pace stays as it is. Misconfigured if there is no such campaign or no
    broker."""
    return _edit(settings, campaign, lambda head, revision: press(head, revision, per_second))


def pause(settings: Settings, campaign: str) -> bool:
    """False if it is paused already. Misconfigured as `press_button`."""
    return _edit(settings, campaign, lambda head, _: None if head.state == "paused" else replace(head, state="paused"))


def _edit(settings: Settings, campaign: str, change: Callable[[Published, int], Published | None]) -> bool:
    """change: makes the new head of the old one and the number of the next revision; None if nothing is to change. Returns
    whether anything has changed."""
    def changed(found: History) -> dict[str, Published]:
        new = change(_head(found, campaign), found.revision + 1)
        return {} if new is None else {f"campaign/{campaign}": new}

    return bool(edit(settings, changed)[1])


def ask_progress(settings: Settings, campaign: str, within: float) -> PressProgress:
    """How far the last press is, of the tasks that answer in so many seconds. Misconfigured as `press_button`."""
    head = _head(history(settings), campaign)
    answers = ask(settings, Ask, within)
    return progress(campaign, head, [standing_of(body) for body in answers.values()], settings.partitions)


def progress(campaign: str, head: Published, standings: Collection[Standing], tasks: int) -> PressProgress:
    """The progress that these tasks report together, of `tasks` in all. A task that has not heard of the press yet is
    silent."""
    revision = head.press.revision if head.press else None
    heard = [each for each in standings if (row := each.presses.get(campaign)) and row.revision == revision]
    found = total(heard).presses.get(campaign) or PressStanding(
        revision=0, present=0, reached=0, activated=0, is_over=False, is_running=False)
    silent = tasks - len(heard) if revision is not None else 0
    return PressProgress(
        campaign=campaign, state=head.state or "paused", present=found.present, reached=found.reached,
        activated=found.activated, is_over=revision is None or (found.is_over and not silent), silent=silent)


def _head(found: History, campaign: str) -> Published:
    head = found.heads.get(f"campaign/{campaign}")
    if head is None or head.document is None:
        known = (name for name, each in found.heads_of("campaign").items() if each.document)
        raise UnknownCampaign((no_such("campaign", campaign, known),))
    return head
