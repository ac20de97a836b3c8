"""Which pages may ask a worker's web server, which has no authentication.

Another site's page that an operator happens to have open must neither press a button nor read a number. Its browser sends
the page's site in `Origin`, and the name it called in `Host`. The name counts too: a stranger's can be made to resolve to
this machine once the page is loaded (DNS rebinding), and then page and worker are one site to the browser. Addresses and
`localhost` cannot be made to.
"""
from __future__ import annotations

from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from streams.runtime.settings import Settings

FOR_ANYBODY = frozenset({"/live", "/ready", "/metrics"})
"""Supervisors and Prometheus call by names that only their own network knows."""


def own_sites(settings: Settings) -> Middleware:
    """Answers 403 to what another site's page asks. A proxy may pass on the name it was called by, or another: that name is
    one of `AUDIENCE_WEB_HOSTS` either way."""
    behind = frozenset(settings.web_hosts.lower().replace(",", " ").split())
    own = behind | {"localhost", settings.web_host.lower()}

    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if request.path in FOR_ANYBODY:
            return await handler(request)
        if host and not _is_address(name := _name(host)) and name not in own:
            return _refusal(f"{name!r} is no name of this server; if it is to be, add it to AUDIENCE_WEB_HOSTS")
        if origin is not None and (site := origin.partition("://")[2]) != host and _name(site) not in behind:
            return _refusal("pages of other sites may not ask here; a proxy's name belongs into AUDIENCE_WEB_HOSTS")
        return await handler(request)

    return refuse


def _name(host: str) -> str:
    """Without the port, and without the brackets of an IPv6 address."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _refusal(sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=403)
