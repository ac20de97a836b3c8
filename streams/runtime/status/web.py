"""The worker's pages on Faust's web server: `/` status, `/ready`, `/live`, `/metrics`.

`console` and `button` have the rest; nothing else is served. Faust's own pages are switched off in the app's settings, and
its index is replaced here, through the list of blueprints that its Web class declares for subclasses to change.
"""
from __future__ import annotations

import logging
import socket
from typing import Any, ClassVar

from faust import web
from faust.web.drivers.aiohttp import Web

from streams.core.errors import Misconfigured
from streams.runtime.logs import SERVICES
from streams.runtime.settings import Settings
from streams.runtime.status.views import View
from streams.web.status import as_json, as_page

log = logging.getLogger(__name__)
blueprint = web.Blueprint("audience")


class StatusWeb(Web):
    """Faust's web server with our pages in the place of its own."""

    logger = SERVICES
    app: Any
    """An AudienceApp; Faust knows its interface only."""
    production_blueprints: ClassVar[Any] = [
        ("", "streams.runtime.status.web:blueprint"), ("", "streams.runtime.status.button:blueprint"),
        ("", "streams.runtime.status.console:blueprint")]

    async def start_server(self) -> None:
        await super().start_server()
        log.info("Status at http://%s:%d/", self.app.settings.web_host, self.app.settings.web_port)


def refuse_taken(settings: Settings) -> None:
    """Misconfigured if the pages cannot have their address. Called before the worker joins the group: Faust binds later, and
    a worker that fails then would leave its tasks with nobody for a session timeout."""
    host, port = settings.web_host, settings.web_port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((host, port), family=family).close()
    except OSError as failure:
        raise Misconfigured((f"AUDIENCE_WEB_HOST={host}, AUDIENCE_WEB_PORT={port}: {failure.strerror}; each worker of a "
                             "machine needs a port of its own",)) from failure


@blueprint.route("/", name="status")
class Status(View):
    """How the worker stands: a page for people; JSON with `?json` or if the client accepts only that."""

    async def get(self, request: Any) -> Any:
        status = self.app.instruments.status()
        if "json" in request.query or "text/html" not in request.headers.get("Accept", "text/html"):
            return self.json(as_json(status))
        return self.html(as_page(status))


@blueprint.route("/ready", name="ready")
class Ready(View):
    """200 once every task assigned to this worker runs, else 503: for load balancers and rolling restarts."""

    async def get(self, request: Any) -> Any:
        is_ready = self.app.instruments.is_ready()
        return self.json({"ready": is_ready}, status=200 if is_ready else 503)


@blueprint.route("/live", name="live")
class Live(View):
    """200 while the process answers. A worker that cannot go on ends by itself; there is no third state."""

    async def get(self, request: Any) -> Any:
        return self.json({"live": True})


@blueprint.route("/metrics", name="metrics")
class Scrape(View):
    """Prometheus' text format."""

    async def get(self, request: Any) -> Any:
        return self.bytes(self.app.instruments.metrics.text(), content_type="text/plain; version=0.0.4")
