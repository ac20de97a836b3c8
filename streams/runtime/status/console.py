"""The console on the worker's web server: how every segment and campaign stands, and a rule tried out.

It is for marketers: it shows numbers and definitions, and no personal data. It asks the pipeline through its topics, as the
command line does, so every worker's console shows the whole deployment. The campaigns' buttons are in `button`.
"""
from __future__ import annotations

import asyncio
from functools import partial
from time import monotonic
from typing import Any

from faust import web

from streams.core.errors import Misconfigured, Unreachable
from streams.core.values import Json
from streams.definitions import load_text
from streams.runtime.outside.asking import missing
from streams.runtime.outside.estimates import readable
from streams.runtime.outside.overview import overview
from streams.runtime.outside.previewing import preview_written
from streams.runtime.settings import Settings
from streams.runtime.status.views import RequestRefused, View, body_of, only
from streams.web.pages import template, text

WITHIN = 3.0
"""Seconds that tasks have to say how they stand."""
PREVIEW_WITHIN = 20.0
PEOPLE = 20_000
"""Profiles that a preview looks at; its sizes are exact if there are no more."""
LONGEST = 1 << 16
"""Characters of a text to preview, some 2,000 conditions. Reading it takes 0.3 s, during which the worker's tasks wait; a
MiB would take 5 s."""
FRESH = 1.0
"""Seconds for which an overview is given to everyone who asks."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; "
                               "form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""`frame-ancestors`: a page of somebody else's must not show the button under something else to click on."""
blueprint = web.Blueprint("console")


class Shared:
    """What all open pages share: one look at the pipeline, and one preview at a time. Previews in every thread would block
    the buttons for as long as the tasks take to answer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._asking, self._previewing = asyncio.Lock(), asyncio.Lock()
        self._found: dict[str, Json] = {}
        self._fresh_until = 0.0

    async def overview(self) -> dict[str, Json]:
        """Not older than FRESH. Misconfigured if there is no broker."""
        async with self._asking:
            if monotonic() > self._fresh_until:
                self._found = await asyncio.to_thread(overview, self._settings, WITHIN)
                self._fresh_until = monotonic() + FRESH
            return self._found

    async def preview(self, definition: str) -> list[str]:
        """In words. Misconfigured with all faults of the definition, or as `overview`."""
        async with self._previewing:
            return await asyncio.to_thread(_preview, self._settings, definition)


@blueprint.route("/console", name="console")
class Console(View):
    """The page; what it shows, its script asks for."""

    async def get(self, request: Any) -> Any:
        settings: Settings = self.app.settings
        return self.html(template("console.html").render(application=settings.application), headers=dict(HEADERS))


@blueprint.route("/console.js", name="script")
class Script(View):
    """The page's script."""

    async def get(self, request: Any) -> Any:
        return self.bytes(text("console.js").encode(), content_type="text/javascript", headers=dict(HEADERS))


@blueprint.route("/overview", name="overview")
class Overview(View):
    """As `streams.runtime.outside.overview.overview`; 503 with a sentence if Kafka does not answer."""

    async def get(self, request: Any) -> Any:
        shared: Shared = self.app.shared
        try:
            return self.json(await shared.overview())
        except Misconfigured as fault:
            raise RequestRefused(503, str(fault)) from fault


@blueprint.route("/preview", name="preview")
class Preview(View):
    """The body is `{"definition": "…"}`, a text as in a file of definitions with a segment; the answer `{"lines": […]}`, how
    many people it would have. 400 with all faults of the text; 413 if it has more than LONGEST characters."""

    async def post(self, request: Any) -> Any:
        shared: Shared = self.app.shared
        try:
            return self.json({"lines": await shared.preview(_definition(await body_of(request)))})
        except Misconfigured as fault:
            raise RequestRefused(503 if isinstance(fault, Unreachable) else 400, str(fault)) from fault


def _definition(body: dict[str, Any]) -> str:
    only(body, "definition")
    definition = body.get("definition")
    if not isinstance(definition, str):
        raise RequestRefused(400, "definition: expected a text, as in a file of definitions")
    if len(definition) > LONGEST:
        raise RequestRefused(413, f"the definition is {len(definition):,} characters long; at most {LONGEST:,} are counted "
                                  "here, a longer one by `audience segment preview FILE`")
    return definition


def _preview(settings: Settings, definition: str) -> list[str]:
    found, segments, answers = preview_written(settings, partial(load_text, definition), PEOPLE, PREVIEW_WITHIN)
    return [*readable(found, segments), *filter(None, [missing(settings, answers)])]
