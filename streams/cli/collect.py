"""`audience collect`: takes events over HTTP from SDKs of the Segment spec."""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from streams.cli.arguments import command, file, settings_of
from streams.cli.listening import begin, with_address
from streams.core.errors import Misconfigured


def add_to(commands: Any) -> None:
    parser = command(commands, "collect", run, "Take events over HTTP, as SDKs of the Segment spec send them.",
                     "--write-keys keys.txt --origin https://shop.example")
    parser.add_argument("--write-keys", type=file, metavar="FILE",
                        help="a file with one key a line; a sender must have one of them (default: anybody may send)")
    parser.add_argument("--origin", action="append", default=[], metavar="URL",
                        help="a site whose pages may send, for example https://shop.example, or *; may be repeated")
    with_address(parser, 6092, "TLS needs a proxy in front")


def run(options: argparse.Namespace) -> int:
    import asyncio

    from streams.runtime.beside.collect import collect

    settings = settings_of(options)
    keys = _keys(options.write_keys) if options.write_keys else frozenset[str]()
    asyncio.run(collect(settings, begin(settings, options), keys, options.origin))
    return 0


def _keys(path: Path) -> frozenset[str]:
    from connectors.sources.collector import keys_of

    try:
        return keys_of(path.read_text(encoding="utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise Misconfigured((f"{path}: not UTF-8; expected a text with a write key a line",)) from None
