"""`audience serve`: look-ups of memberships for ad servers, from a copy of this process's own."""
from __future__ import annotations

import argparse
import logging
from typing import TYPE_CHECKING, Any

from streams.cli.arguments import command, environment, seconds, settings_of
from streams.cli.listening import address_of, with_address

if TYPE_CHECKING:
    from aiohttp import web

    from streams.runtime.beside.listening import Address

log = logging.getLogger(__name__)


def add_to(commands: Any) -> None:
    parser = command(commands, "serve", run, "Answer ad servers' look-ups of memberships over HTTP.")
    parser.add_argument("--ready-within", type=seconds, default=10.0, metavar="SECONDS",
                        help="/ready fails once the copy may be older than this (default: 10)")
    parser.add_argument("--provider", default="audience.local", metavar="DOMAIN",
                        help="your domain: names data and id sources in OpenRTB answers")
    parser.add_argument("--segtax", type=int, default=500, metavar="N",
                        help="id of your segment taxonomy in OpenRTB answers (500 and above: vendor-specific)")
    with_address(parser, 6080, "nobody is authenticated: keep it on loopback or behind a proxy")


def run(options: argparse.Namespace) -> int:
    import asyncio

    from connectors.openrtb import Provider
    from streams.runtime.clock import wall_ms
    from streams.runtime.logs import begin_log
    from streams.runtime.memberships.follower import Follower
    from streams.runtime.memberships.store import MembershipsStore
    from streams.runtime.state.memory import Memory
    from streams.serve.server import Served, application

    settings = settings_of(options)
    begin_log(environment(options))
    folder = settings.data / "serve" / settings.application
    store = MembershipsStore(folder, Memory(settings.memory), wall=wall_ms())
    follower = Follower(settings, store)
    follower.start()
    served = Served(copy=store, following=follower, ready_within=options.ready_within,
                    provider=Provider(domain=options.provider, segtax=options.segtax))
    try:
        asyncio.run(_serve(application(served), address_of(options)))
    finally:
        follower.stop()
        store.close()
    return 0


async def _serve(app: web.Application, address: Address) -> None:
    """Until SIGTERM or SIGINT."""
    from streams.runtime.beside.listening import listening, stopping

    stopped = stopping()
    async with listening(app, address) as there:
        log.info("Look-ups at http://%s:%d/memberships/NAMESPACE:VALUE", there.host, there.port)
        await stopped.wait()
