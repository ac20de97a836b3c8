"""The console of a running worker: what it answers, and what a marketer does with it in a browser."""
from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.kafka.addressed import populate
from tests.kafka.conftest import Broker
from tests.kafka.deployment import Deployment, Worker, wait_until
from tests.processes import fetched

PEOPLE = 120
MARKUP = "<img src=x onerror=document.title='hacked'>"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def worker(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Everybody has an address and consent; the campaign is paused."""
    folder = tmp_path_factory.mktemp("console")
    with Deployment(broker.address, folder) as deployment, pytest.MonkeyPatch.context() as patch:
        populate(deployment, patch, folder, PEOPLE, MARKUP)
        one = deployment.worker("one")
        one.start()
        wait_until(lambda: one.get("/ready")[0] == 200, within=60, what="it is ready")
        wait_until(lambda: (PEOPLE, "live") in members(one), within=60, what="everybody is there")
        yield one


@pytest.fixture
def page(worker: Worker) -> Iterator[Page]:
    """The console as a person sees it. Nothing may go wrong in its script."""
    if BROWSER is None:
        pytest.skip("no browser on this machine; on Debian: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page, faults = browser.new_page(), list[str]()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.goto(f"http://127.0.0.1:{worker.port}/console")
        yield page
        browser.close()
        assert not faults


def overview(worker: Worker) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(worker.get("/overview")[1])
    return found


def members(worker: Worker) -> list[tuple[int, str]]:
    return [(each["members"], each["state"]) for each in overview(worker)["segments"]]


def preview(worker: Worker, definition: object, **headers: str) -> tuple[int, dict[str, Any]]:
    body = json.dumps({"definition": definition}).encode()
    status, answer = fetched(f"http://127.0.0.1:{worker.port}/preview", body, {**JSON, **headers})
    return status, json.loads(answer)


def test_the_overview_tells_what_is_defined_and_how_many_people_that_is(worker: Worker) -> None:
    found = overview(worker)
    (segment,), (campaign,) = found["segments"], found["campaigns"]
    assert (segment["id"], segment["members"], segment["state"]) == ("everybody", PEOPLE, "live")
    assert (campaign["id"], campaign["segment"], campaign["trigger"]) == ("hello", "everybody", "entered")
    assert campaign["channels"] == ["email"]
    assert [task["task"] for task in found["tasks"]] == [0, 1, 2, 3] and found["partitions"] == 4


def test_a_segment_is_counted_without_being_applied(worker: Worker) -> None:
    status, said = preview(worker, "kind: segment\nid: reachable\nrule: {identifier: {namespace: email}}")
    assert status == 200
    assert said["lines"][0].startswith(f"reachable: 0 -> {PEOPLE} members") and "p1@example.org" not in str(said)
    assert [each["id"] for each in overview(worker)["segments"]] == ["everybody"]


@pytest.mark.parametrize(("definition", "told"), [
    ("kind: segment\nid: x\nrule: {performd: {event: A}}", "definition:3: "),
    ("kind: segment\nid: x\nrule: {members: {file: /etc/passwd}}", '"/etc/passwd" cannot be read here'),
    ("kind: segment\nid: x\nrule: {members: {file: [1]}}", "cannot be read here"),
    ("kind: campaign\nid: y\nsegment: everybody\nchannels: {email: {subject: a, template: /etc/passwd, purpose: m}}",
     '"/etc/passwd" cannot be read here'),
    ("kind: segment\nid: x\nrule: {in_segment: {id: nobody}}", "nobody"),
    ("kind: segment\nid: [", "definition:"), ("", "defines no segment"), (7, "expected a text")])
def test_what_cannot_be_counted_is_told_with_its_line(worker: Worker, definition: object, told: str) -> None:
    status, said = preview(worker, definition)
    assert status == 400 and told in said["error"] and "root:" not in said["error"]


def test_pages_of_other_sites_may_neither_ask_nor_show_it(worker: Worker) -> None:
    assert preview(worker, "kind: segment", Origin="https://example.com")[0] == 403
    with urlopen(f"http://127.0.0.1:{worker.port}/console") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy and "script-src 'self'" in policy


def test_the_button_is_pressed_and_paused_in_the_browser(worker: Worker, page: Page) -> None:
    pressed: list[str] = []
    page.on("request", lambda request: pressed.append(request.url) if request.method == "POST" else None)
    row = page.locator("#campaigns").get_by_role("row", name="hello")
    expect(row).to_contain_text("paused")
    row.get_by_role("button", name="Activate").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{PEOPLE} people are in everybody now")
    with page.expect_response("**/overview"):
        dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert not pressed
    row.get_by_role("button", name="Activate").click()
    dialog.get_by_role("button", name="Activate").click()
    expect(row).to_contain_text(f"{PEOPLE} of {PEOPLE} reached, {PEOPLE} activated, over", timeout=60_000)
    row.get_by_role("button", name="Pause").click()
    expect(row).to_contain_text("paused")


def test_what_a_marketer_writes_is_text_and_counted_or_refused(page: Page) -> None:
    expect(page.locator("#segments")).to_contain_text(MARKUP)
    assert "hacked" not in page.title()
    page.get_by_label("definition").fill("kind: segment\nid: reachable\nrule: {identifier: {namespace: email}}")
    page.get_by_role("button", name="Count").click()
    expect(page.locator("#preview output")).to_contain_text(f"0 -> {PEOPLE} members", timeout=30_000)
    page.get_by_label("definition").fill("kind: segment\nid: reachable\nrule: {identifer: {namespace: email}}")
    page.get_by_role("button", name="Count").click()
    expect(page.locator("#preview output.fault")).to_contain_text("did you mean identifier?", timeout=30_000)
