"""The button of a campaign on the worker's web server: press it, pause it, and see how far a press has got.

It needs no server of its own: pressing writes the record that the command line writes, and any worker can do that. Another
site's page that the operator happens to have open must not press it (`sites`): browsers send `application/json` to another
origin only if that origin permits it, and nothing here does.
"""
from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from faust import web

from streams.core.errors import Misconfigured
from streams.runtime.outside.button import UnknownCampaign, ask_progress, pause, press_button
from streams.runtime.settings import Settings
from streams.runtime.status.views import RequestRefused, View, body_of, only

WITHIN = 3.0
"""Seconds that tasks have to answer how far they are."""
blueprint = web.Blueprint("campaigns")


class _CampaignView(View):
    async def _answer(self, work: Callable[[Settings], object], campaign: str, status: int) -> Any:
        settings: Settings = self.app.settings

        def do() -> dict[str, Any]:
            work(settings)
            return asdict(ask_progress(settings, campaign, WITHIN))

        try:
            return self.json(await asyncio.to_thread(do), status=status)
        except Misconfigured as fault:
            raise RequestRefused(404 if isinstance(fault, UnknownCampaign) else 503, str(fault)) from fault


@blueprint.route("/campaigns/{campaign}", name="progress")
class LastPress(_CampaignView):
    """How far the last press is: the fields of `streams.runtime.outside.button.PressProgress`."""

    async def get(self, request: Any, campaign: str) -> Any:
        return await self._answer(lambda settings: None, campaign, 200)


@blueprint.route("/campaigns/{campaign}/activate", name="activate")
class Activate(_CampaignView):
    """Press; the body is `{}` or `{"per_second": N}`. 202 with the progress so far."""

    async def post(self, request: Any, campaign: str) -> Any:
        per_second = pace_of(await body_of(request))
        return await self._answer(lambda settings: press_button(settings, campaign, per_second), campaign, 202)


@blueprint.route("/campaigns/{campaign}/pause", name="pause")
class Pause(_CampaignView):
    """Pause; the body is `{}`."""

    async def post(self, request: Any, campaign: str) -> Any:
        only(await body_of(request))
        return await self._answer(lambda settings: pause(settings, campaign), campaign, 202)


def pace_of(body: dict[str, Any]) -> float | None:
    """`per_second`, None where there is none. Raises RequestRefused, also for another field: a pace under a mistyped name
    would be none at all."""
    only(body, "per_second")
    pace = body.get("per_second")
    if pace is None:
        return None
    if isinstance(pace, bool) or not isinstance(pace, int | float) or not 0 < pace < 1e9:
        raise RequestRefused(400, "per_second: expected a number above 0")
    return float(pace)
