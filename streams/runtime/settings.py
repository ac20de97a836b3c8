"""Every setting of the pipeline: declared once, typed, documented, read from the environment in one place.

Environment variables only, so that Faust, Compose and a shell agree on one way. No settings library: listing all faults at
once and the docs from the same declaration take thirty lines.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any

from streams.core.errors import Misconfigured

_NEAR = 0.8
"""Of difflib's likeness: AUDIENCE_BROKER_URL is a typo, AUDIENCE_SMTP_PASSWORD and AUDIENCE_DATABASE are not."""
_SERVICE = re.compile(r"AUDIENCE_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_LINK = re.compile(r"(tcp|udp|sctp)://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One variable. `type` is `str`, `int`, `float` or `Path`; `least` and `most` bound numbers, both included."""

    variable: str
    default: str
    type: type
    doc: str
    unit: str = ""
    least: float | None = None
    most: float | None = None
    secret: bool = False

    @property
    def field(self) -> str:
        """The attribute of `Settings` that holds it: the variable's own name without the project's prefix."""
        return self.variable.removeprefix("AUDIENCE_").lower()


SETTINGS: tuple[Setting, ...] = (
    Setting(variable="AUDIENCE_BROKER", default="127.0.0.1:9092", type=str, unit="host:port, host:port, …",
            doc="Kafka brokers to begin with; the rest of the cluster is found through them."),
    Setting(variable="AUDIENCE_APP", default="audience", type=str,
            doc="Name of this deployment: group, transactional ids, changelog. Another name starts anew."),
    Setting(variable="AUDIENCE_PREFIX", default="", type=str,
            doc="Comes before every topic name and the app's name, so that deployments can share a cluster."),
    Setting(variable="AUDIENCE_PARTITIONS", default="4", type=int, least=1, most=1024,
            doc="Partitions of every topic: the unit of scale. Fixed at the first start."),
    Setting(variable="AUDIENCE_REPLICATION", default="1", type=int, least=1, most=9,
            doc="Copies of every partition on the cluster; 3 in production."),
    Setting(variable="AUDIENCE_DATA", default="audience-data", type=Path, unit="folder",
            doc="Where a worker keeps its state; each worker needs its own. Losing it costs a restore."),
    Setting(variable="AUDIENCE_WEB_HOST", default="127.0.0.1", type=str,
            doc="Address of the status pages. They have no authentication: loopback, or behind a proxy."),
    Setting(variable="AUDIENCE_WEB_PORT", default="6066", type=int, least=1, most=65535,
            doc="Port of the status pages; each worker on a machine needs its own."),
    Setting(variable="AUDIENCE_WEB_HOSTS", default="", type=str, unit="name, name, …",
            doc="Names by which browsers call the status pages, a proxy's too. Addresses, `localhost` and "
                "AUDIENCE_WEB_HOST need not be named."),
    Setting(variable="AUDIENCE_REGISTRY", default="", type=str, unit="URL",
            doc="Schema registry. Empty: schemas are named by their fingerprint in the record."),
    Setting(variable="AUDIENCE_PROFILE_KEY", default="", type=str, secret=True,
            doc="Secret that public profile ids are derived from. Set it before the first event; another one later is "
                "refused."),
    Setting(variable="AUDIENCE_SESSION_TIMEOUT", default="10", type=float, unit="seconds", least=6, most=300,
            doc="After this silence a worker counts as dead and others take over its partitions."),
    Setting(variable="AUDIENCE_COMMIT_INTERVAL", default="20", type=float, unit="ms", least=0, most=1000,
            doc="Pace of a task's transactions: longer is cheaper, shorter is sooner."),
    Setting(variable="AUDIENCE_MEMORY", default="256", type=int, unit="MiB", least=32, most=1 << 20,
            doc="RocksDB's memory in a worker: cache, write buffers, indexes and filters of all tasks."),
    Setting(variable="AUDIENCE_DEAD_LETTER_RATIO", default="0.5", type=float, unit="share", least=0, most=1,
            doc="The worker stops when more than this share of a task's last 10,000 records were dead "
                "letters; 1: never. What `collect` took does not count, here and below."),
    Setting(variable="AUDIENCE_DEAD_LETTER_RUN", default="1000", type=int, unit="records", least=0,
            doc="The worker stops after this many dead letters of a task in a row; 0: never."),
    Setting(variable="AUDIENCE_PROFILE_INTERVAL", default="60", type=float, unit="seconds", least=0,
            doc="Least time between two views of one profile on the topic `profiles`."),
    Setting(variable="AUDIENCE_INSTANCE", default="", type=str,
            doc="A worker's permanent name (static membership): restarted within the session timeout it "
                "keeps its partitions without a rebalance. Unique per worker; empty: none."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a worker runs with. Units are in `SETTINGS`, in the same order."""

    broker: str
    app: str
    prefix: str
    partitions: int
    replication: int
    data: Path
    web_host: str
    web_port: int
    web_hosts: str
    registry: str
    profile_key: str
    session_timeout: float
    commit_interval: float
    memory: int
    dead_letter_ratio: float
    dead_letter_run: int
    profile_interval: float
    instance: str

    @property
    def application(self) -> str:
        """Name on the cluster: consumer group, start of transactional ids and of the changelog's name."""
        return self.prefix + self.app

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """The settings in `environ`, defaults where it is silent or empty; Misconfigured with every fault."""
        settings, faults = cls.judge(environ)
        if faults:
            raise Misconfigured(tuple(faults.values()))
        return settings

    @classmethod
    def judge(cls, environ: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
        """The settings as far as `environ` can be read, with the default in place of a faulty one; and the faults by
        variable."""
        faults, values = dict[str, str](), dict[str, Any]()
        for setting in SETTINGS:
            found = environ.get(setting.variable, "").strip()
            try:
                values[setting.field] = _parse(setting, found or setting.default)
            except ValueError as fault:
                values[setting.field] = _parse(setting, setting.default)
                faults[setting.variable] = f"{setting.variable}: {fault}"
        return cls(**values), faults | _unknown(environ)


def _parse(setting: Setting, text: str) -> Any:
    shown = "a secret" if setting.secret else repr(text)
    if setting.type is int and _LINK.match(text):
        shown += " (Kubernetes' word for a Service; enableServiceLinks: false in the pod)"
    try:
        value = setting.type(text)
        if isinstance(value, int | float) and not _is_within(setting, value):
            raise ValueError
    except ValueError:
        raise ValueError(f"found {shown}; expected {_expected(setting)}; {setting.doc}") from None
    if setting.field in _NAMES and not _is_name(text):
        raise ValueError(f"found {shown}; expected letters, digits, '.', '_' and '-' as in a topic name")
    if setting.field == "broker" and not all(map(_is_address, text.split(","))):
        raise ValueError(f"found {shown}; expected {setting.unit}, without a scheme; IPv6 as [::1]:9092")
    if setting.field == "web_hosts" and not re.fullmatch(r"[\w.,\s-]*", text):
        raise ValueError(f"found {shown}; expected names as in a browser's address line, without https:// and port, "
                         "with commas between")
    return value


_NAMES = ("app", "prefix")
_ADDRESS = re.compile(r"(?:\[[\w.:%]+\]|[\w.-]+)(?::(\d+))?")


def _is_address(text: str) -> bool:
    found = _ADDRESS.fullmatch(text.strip())
    return found is not None and 0 < int(found[1] or 9092) <= 65_535


def _is_name(text: str) -> bool:
    return len(text) <= 100 and all(c.isascii() and (c.isalnum() or c in "._-") for c in text)


def _is_within(setting: Setting, value: float) -> bool:
    least = -float("inf") if setting.least is None else setting.least
    most = float("inf") if setting.most is None else setting.most
    return isfinite(value) and least <= value <= most


def _expected(setting: Setting) -> str:
    kind = {int: "a whole number", float: "a number"}.get(setting.type, "a text")
    bounds = "" if setting.least is None else f" from {setting.least:.12g}"
    bounds += "" if setting.most is None else f" to {setting.most:.12g}"
    return f"{kind}{bounds}{f' ({setting.unit})' if setting.unit else ''}"


def without_meaning(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Variables with our prefix that are neither settings nor near one: somebody else's (a destination's secret), or a
    mistake."""
    return tuple(variable for variable in _foreign(environ) if not _meant(variable))


def _unknown(environ: Mapping[str, str]) -> dict[str, str]:
    return {variable: f"{variable}: no such setting; did you misspell {meant}?"
            for variable in _foreign(environ) if (meant := _meant(variable))}


def _foreign(environ: Mapping[str, str]) -> list[str]:
    known = {setting.variable for setting in SETTINGS}
    return [variable for variable, value in sorted(environ.items()) if variable.startswith("AUDIENCE_")
            and variable not in known and not _is_of_kubernetes(variable, value)]


def _meant(variable: str) -> str:
    """The setting that a typo stands for, "" where none is near."""
    fields = {setting.variable.removeprefix("AUDIENCE_").replace("_", ""): setting.variable for setting in SETTINGS}
    near = get_close_matches(variable.removeprefix("AUDIENCE_").replace("_", "").upper(), fields, n=1, cutoff=_NEAR)
    return fields[near[0]] if near else ""


def _is_of_kubernetes(variable: str, value: str) -> bool:
    """Kubernetes gives every container such variables for each Service; here of one whose name begins with `audience`."""
    return _SERVICE.fullmatch(variable) is not None or (variable.endswith("_PORT") and _LINK.match(value) is not None)
