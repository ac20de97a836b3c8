"""`audience broker`, `worker`, `topics` and `check`: what operators run."""
from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from streams.cli.arguments import (
    command,
    environment,
    folder,
    folder_to_write,
    port,
    positive,
    settings_of,
    with_broker,
    with_json,
)
from streams.core.errors import Misconfigured
from streams.runtime.exits import Exit
from streams.runtime.settings import Settings

DECIDE_ABOUT_TOPICS = {"AUDIENCE_APP", "AUDIENCE_PREFIX", "AUDIENCE_PARTITIONS", "AUDIENCE_REPLICATION"}
"""Settings without which it cannot be said whether the broker's topics are right."""


def add_to(commands: Any) -> None:
    broker = command(commands, "broker", run_broker, "Run Apache Kafka on this machine, for development.")
    broker.add_argument("--data", type=folder_to_write, default=Path("audience-kafka"), metavar="DIR",
                        help="folder of its data (default: audience-kafka)")
    broker.add_argument("--port", type=port, default=9092, help="port on 127.0.0.1 (default: 9092)")
    worker = command(commands, "worker", run_workers, "Run a worker, or several.")
    worker.add_argument("--processes", type=positive, default=1, metavar="N",
                        help="how many (default: 1); each gets a folder, a port and, if AUDIENCE_INSTANCE is set, a name")
    with_broker(worker)
    topics = command(commands, "topics", show_topics, "List topics, stages and tables of the pipeline.")
    topics.add_argument("--create", action="store_true", help="create what is missing on the broker")
    with_json(topics)
    with_broker(topics)
    check = command(commands, "check", check_all, "Say all that is wrong with settings, broker, topics, definitions.")
    check.add_argument("--definitions", type=folder, metavar="DIR", help="check this folder of definitions too")
    with_broker(check)


def run_broker(options: argparse.Namespace) -> int:
    from streams.runtime.broker.embedded import EmbeddedBroker

    stopped = threading.Event()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends a download as Ctrl-C does
    with EmbeddedBroker(options.data, options.port, on_progress=_tell) as broker:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        print(f"Apache Kafka at {broker.address}, data in {options.data}; Ctrl-C stops it", file=sys.stderr)
        stopped.wait()
    return 0


def run_workers(options: argparse.Namespace) -> int:
    variables = environment(options)
    try:
        settings = Settings.read(variables)
        if options.processes > 1:
            return _supervise(variables, settings, options.processes)
        _run_one(variables, settings)
    except Misconfigured as fault:  # by the worker's own code, which supervisors know
        _tell(f"audience worker: {fault}")
        return Exit.MISCONFIGURED


def _run_one(variables: dict[str, str], settings: Settings) -> NoReturn:
    from streams.runtime.logs import begin_log
    from streams.runtime.processor import task_factory
    from streams.runtime.worker import run_worker

    begin_log(variables)
    run_worker(settings, task_factory(settings))


def _supervise(variables: dict[str, str], settings: Settings, count: int) -> int:
    """Worker processes side by side, each with variables of `its_own`; all end with the first, and the
    exit code is its own, 128 and the signal's number where one ended it. They end too if this process is killed."""
    from streams.runtime.broker.process import watched

    children: list[subprocess.Popen[bytes]] = []
    asked = threading.Event()

    def stop(*_: object) -> None:
        asked.set()
        for child in children:
            child.terminate()

    for asking in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asking, stop)
    command = [sys.executable, "-m", "streams.cli", "worker"]
    children += (subprocess.Popen(command, env=variables | its_own(settings, number)) for number in range(count))
    if asked.is_set():  # while not all of them were there
        stop()
    watchdogs = [watched(child) for child in children]
    pid, status = _first_end(children)
    others = [child for child in children if child.pid != pid]
    for child in others:
        child.terminate()
    for child in others:
        child.wait()
    for watchdog in watchdogs:
        watchdog.wait()
    code = os.waitstatus_to_exitcode(status)
    if asked.is_set() and code == -signal.SIGTERM:
        return 0  # it had not begun yet
    if code:
        _tell(f"a worker ended with {f'exit code {code}' if code > 0 else signal.Signals(-code).name}; all are stopped")
    return code if code >= 0 else 128 - code


def _first_end(children: list[subprocess.Popen[bytes]]) -> tuple[int, int]:
    """Which of them ended first, and how."""
    while True:
        pid, status = os.wait()
        if any(child.pid == pid for child in children):
            return pid, status


def its_own(settings: Settings, number: int) -> dict[str, str]:
    """Variables of one of several workers: two with one permanent name would fence each other off for ever."""
    return {"AUDIENCE_DATA": str(settings.data / f"worker-{number}"),
            "AUDIENCE_WEB_PORT": str(settings.web_port + number),
            "AUDIENCE_INSTANCE": f"{settings.instance}-{number}" if settings.instance else ""}


def show_topics(options: argparse.Namespace) -> int:
    from streams.topology import TOPICS, describe

    if options.create:
        from streams.runtime.kafka.topics import ensure_topics

        created = ensure_topics(settings_of(options))
        print(f"created: {', '.join(created) or 'nothing, all are there'}", file=sys.stderr)
    if options.json:
        print(json.dumps([{"name": t.name, "role": t.role, "schema": t.schema, "key": t.key, "what": t.what,
                           "compacted": t.compacted} for t in TOPICS]))
    else:
        print(describe())
    return 0


def check_all(options: argparse.Namespace) -> int:
    faults = [*_faults_of_cluster(options), *_faults_of_definitions(options.definitions)]
    if faults:
        raise Misconfigured(tuple(faults))
    print("everything is as it should be", file=sys.stderr)
    return 0


def _faults_of_cluster(options: argparse.Namespace) -> tuple[str, ...]:
    from streams.runtime.kafka.topics import check_topics

    settings, faults = Settings.judge(environment(options))
    found = tuple(faults.values())
    if DECIDE_ABOUT_TOPICS & faults.keys():
        return found
    try:
        check_topics(settings)
    except Misconfigured as fault:
        return found + fault.faults
    found += () if settings.registry else _faults_without_registry(settings)
    return found or _faults_on_the_topic(settings)


def _faults_without_registry(settings: Settings) -> tuple[str, ...]:
    from streams.runtime.outside.framing import written_with_a_registry

    topic = written_with_a_registry(settings)
    return () if topic is None else (
        f"AUDIENCE_REGISTRY is not set, and a record of {topic} names its schema by a registry's id; set it to the one that "
        "the workers, or whoever writes there, use",)


def _faults_on_the_topic(settings: Settings) -> tuple[str, ...]:
    """Nothing that `apply` wrote is wrong; something else may write there."""
    from streams.definitions.build import build
    from streams.runtime.outside.definitions_log import history

    found = history(settings)
    try:
        build(found.documents, found.revision, {})
    except Misconfigured as fault:
        return tuple(f"on the topic of definitions, {each}; workers go on with what was in force before, `audience apply` "
                     "mends it" for each in fault.faults)
    return ()


def _faults_of_definitions(folder: Path | None) -> tuple[str, ...]:
    from streams.cli.definitions import judged
    from streams.definitions import without_definitions

    if folder is None:
        return ()
    try:
        found = judged(folder)
    except Misconfigured as fault:
        return fault.faults
    return () if found.sources else (
        f"{without_definitions(folder)}; name the folder that has them",)


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr)
