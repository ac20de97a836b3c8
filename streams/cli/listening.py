"""How the commands that listen for others beside the workers begin: `collect`, `deliver`, `feedback`."""
from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from streams.runtime.settings import Settings

if TYPE_CHECKING:
    from streams.runtime.beside.listening import Address


def begin(settings: Settings, options: argparse.Namespace) -> Address:
    """Where to listen, as `--host` and `--port` say; from here on the log is written. Misconfigured where the broker cannot
    be had or its topics are not as declared."""
    import logging.config

    from streams.runtime.beside.listening import Address
    from streams.runtime.kafka.topics import check_topics
    from streams.runtime.logs import logging_config

    check_topics(settings)
    logging.config.dictConfig(logging_config())
    return Address(host=options.host, port=options.port)
