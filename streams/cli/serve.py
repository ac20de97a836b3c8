"""`audience serve`: look-ups of memberships for ad servers, from a copy of this process's own."""
from __future__ import annotations

import argparse
import logging
from socket import AF_INET, AF_INET6, create_server
from typing import Any

from streams.cli.arguments import command, environment, seconds, settings_of
from streams.cli.listening import with_address
from streams.core.errors import Misconfigured

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
    from aiohttp import web

    from streams.runtime.clock import wall_ms
    from streams.runtime.logs import begin_log
    from streams.runtime.memberships.follower import Follower
    from streams.runtime.memberships.store import MembershipsStore
    from streams.runtime.state.memory import Memory
    from streams.serve.openrtb import Provider
    from streams.serve.server import Served, application

    settings = settings_of(options)
    begin_log(environment(options))
    folder = settings.data / "serve" / settings.application
    store = MembershipsStore(folder, Memory(settings.memory), wall=wall_ms())
    follower = Follower(settings, store)
    follower.start()
    served = Served(copy=store, following=follower, ready_within=options.ready_within,
                    provider=Provider(domain=options.provider, segtax=options.segtax))
    place = f"{options.host}:{options.port}"
    try:
        where: dict[str, Any] = {"host": options.host, "port": options.port}
        if options.port == 0:  # any that is free, which the log has to name
            free = create_server((options.host, 0), family=AF_INET6 if ":" in options.host else AF_INET)
            where, place = {"sock": free}, f"{options.host}:{free.getsockname()[1]}"
        web.run_app(application(served), access_log=None, **where,
                    print=lambda _: log.info("Look-ups at http://%s/memberships/NAMESPACE:VALUE", place))
    except OSError as failure:
        raise Misconfigured((f"{place}: {failure.strerror}; is another server there? Choose a --port",)) from failure
    finally:
        follower.stop()
        store.close()
    return 0
