"""The button on a deployment of two workers: over HTTP and by command, with a worker killed in the middle."""
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from streams.cli import main
from tests.kafka.addressed import populate
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment, Worker, wait_until
from tests.kafka.observed import View
from tests.processes import fetched

PEOPLE = 240
JSON = {"Content-Type": "application/json"}


def post(worker: Worker, path: str, body: str = "{}", **headers: str) -> tuple[int, dict[str, Any]]:
    status, answer = fetched(f"http://127.0.0.1:{worker.port}{path}", body.encode(), {**JSON, **headers})
    return status, json.loads(answer)


@pytest.fixture(scope="module")
def deployment(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Two workers, everybody with an address and consent, the campaign paused."""
    folder = tmp_path_factory.mktemp("press")
    with Deployment(broker.address, folder) as deployment, pytest.MonkeyPatch.context() as patch:
        populate(deployment, patch, folder, PEOPLE)
        for name in ("one", "two"):
            deployment.worker(name).start()
        for worker in deployment.workers:
            wait_until(lambda: worker.get("/ready")[0] == 200, within=60, what="both are ready")  # noqa: B023
        wait_until(lambda: _members(deployment) == PEOPLE, within=60, what="everybody is there")
        yield deployment


def _members(deployment: Deployment) -> int:
    pages = [json.loads(worker.get("/?json")[1]) for worker in deployment.workers if worker.is_running]
    return sum(page["standing"]["segments"].get("everybody", {"members": 0})["members"] for page in pages)


def told(view: View) -> Counter[bytes]:
    view.refresh()
    return Counter(key for key, _ in view.records["activations.email"])


@pytest.mark.timeout(240)
def test_a_worker_killed_in_the_middle_of_a_press_and_everyone_is_activated_once(deployment: Deployment) -> None:
    one, two = deployment.workers
    view = View(deployment, ["activations.email"])
    code, begun = post(one, "/campaigns/hello/activate", json.dumps({"per_second": 20}))
    assert code == 202 and begun["campaign"] == "hello" and begun["state"] == "live" and not begun["is_over"]
    wait_until(lambda: sum(told(view).values()) > PEOPLE // 5, within=30, what="it is under way")
    two.kill()
    assert sum(told(view).values()) < PEOPLE
    two.start()
    wait_until(lambda: sum(told(view).values()) >= PEOPLE, within=90, what="everybody is reached")
    wait_until(lambda: json.loads(one.get("/campaigns/hello")[1])["is_over"], within=60, what="it says so")
    found = json.loads(one.get("/campaigns/hello")[1])
    assert (found["present"], found["reached"], found["activated"], found["silent"]) == (PEOPLE, PEOPLE, PEOPLE, 0)
    assert told(view) == Counter(b"email:p%d@example.org" % place for place in range(PEOPLE))
    assert "<td>hello</td>" in one.get("/")[1]


@pytest.mark.timeout(120)
def test_the_command_stays_until_the_press_is_over(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pause", "hello"]) == 0
    assert main(["activate", "hello", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["is_over"] and json.loads(said.out)["reached"] == PEOPLE
    assert json.loads(said.out)["activated"] == 0, "they all have it already"
    assert f"hello: {PEOPLE} of {PEOPLE} people reached, 0 activated, over" in said.err
    assert main(["campaign", "progress", "hello"]) == 0
    assert capsys.readouterr().out == f"hello: {PEOPLE} of {PEOPLE} people reached, 0 activated, over\n"
    assert main(["activate", "hello"]) == 0
    assert "hello is live already" in capsys.readouterr().err


def test_a_page_of_another_site_presses_nothing_and_wrong_use_is_told(deployment: Deployment) -> None:
    worker = deployment.workers[0]
    assert post(worker, "/campaigns/hello/pause", Origin="https://elsewhere.example")[0] == 403
    assert post(worker, "/campaigns/hello/pause", **{"Content-Type": "text/plain"})[0] == 415
    assert post(worker, "/campaigns/hello/activate", '{"per_second": -1}')[0] == 400
    assert post(worker, "/campaigns/hello/activate", "[")[0] == 400
    assert post(worker, "/campaigns/hello/pause", '{"per_second": 5}')[0] == 400
    code, answer = post(worker, "/campaigns/helo/activate")
    assert code == 404 and "there is no campaign helo" in answer["error"]
    assert json.loads(worker.get("/campaigns/hello")[1])["state"] == "live"
    assert worker.get("/campaigns/hello/activate")[0] == 405
