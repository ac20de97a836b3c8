"""The pages of a running worker, and that nothing else is served."""
from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.runtime.status.metrics import METRICS, Kind
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment, Worker, wait_until
from tests.kafka.shop import Shop
from tests.processes import fetched

FACTORY = "tests.kafka.counting:factory"
EVENTS = 2_000


@pytest.fixture(scope="module")
def worker(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """One that has handled `EVENTS` events."""
    with Deployment(broker.address, tmp_path_factory.mktemp("web"), FACTORY) as deployment:
        shop = Shop(deployment, seed=1)
        shop.send(EVENTS)
        one = deployment.worker("one")
        one.start()
        wait_until(lambda: one.get("/live")[0] == 200, within=40, what="it is live")
        wait_until(lambda: one.get("/ready")[0] == 200, within=40, what="it is ready")
        wait_until(lambda: json.loads(one.get("/?json")[1])["records"] >= EVENTS, within=40, what="all is handled")
        yield one


def test_the_status_is_one_for_people_and_scripts(worker: Worker) -> None:
    status = json.loads(worker.get("/?json")[1])
    assert json.loads(worker.get("/", accept="application/json")[1]).keys() == status.keys()
    assert [task["partition"] for task in status["tasks"]] == [0, 1, 2, 3]
    assert {task["phase"] for task in status["tasks"]} == {"running"}
    assert status["latency"]["samples"] > 0
    code, page = worker.get("/")
    assert code == 200 and page.startswith("<!doctype html>") and "<td>3</td>" in page
    assert f"{status['dead_letters']:,}" in page


def test_every_declared_metric_is_scraped_with_what_to_do_when_it_moves(worker: Worker) -> None:
    code, text = worker.get("/metrics")
    assert code == 200
    for metric in METRICS:
        name = f"{metric.name}_total" if metric.kind is Kind.COUNTER else metric.name
        assert f"# HELP {name} {metric.tells} {metric.moves}" in text


def test_counts_what_was_handled(worker: Worker) -> None:
    lines = worker.get("/metrics")[1].splitlines()
    found = sum(float(line.split()[1]) for line in lines if line.startswith("audience_records_total{"))
    assert found >= EVENTS


@pytest.mark.parametrize("path", ["/table/", "/table/profiles/", "/router/", "/graph", "/stats", "/assignment/"])
def test_faust_serves_nothing_of_its_own(worker: Worker, path: str) -> None:
    assert worker.get(path)[0] == 404


def test_listens_on_loopback_only(worker: Worker) -> None:
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
    port = f":{worker.port:04X}"
    assert {line.split()[1] for line in listening if line.split()[1].endswith(port) and line.split()[3] == "0A"} == {
        f"0100007F{port}",
    }


@pytest.mark.parametrize("path", ["/", "/console", "/overview", "/campaigns/hello"])
def test_a_stranger_s_name_for_this_machine_opens_no_page(worker: Worker, path: str) -> None:
    def status(host: str, path: str = path) -> int:
        return fetched(f"http://127.0.0.1:{worker.port}{path}", headers={"Host": host})[0]

    assert status("rebound.example") == 403 != status("localhost")
    assert status("worker-1", "/metrics") == status("worker-1", "/live") == 200


@pytest.mark.parametrize("sent", [
    b"GARBAGE /%s\r\n\r\n" % (b"a" * 100_000), b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\n",
    b"POST /campaigns/c/activate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
    b"Content-Length: 5\r\n\r\nplain"])
def test_what_is_no_http_is_answered_with_400_and_leaves_no_traceback(worker: Worker, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", worker.port), timeout=10) as line:
        line.sendall(sent)
        assert line.recv(12).split()[1] == b"400"
    assert "Traceback" not in worker.log.read_text()
