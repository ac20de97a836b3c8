"""`compose.yaml` as it stands, on a Docker engine: it comes up, takes events, survives a worker's `kill -9`, and stops.

Skipped where `docker compose` is missing. Takes the ports that the file names; its volumes are this test's own.
"""
from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.kafka.deployment import wait_until

ROOT = Path(__file__).parents[2]
DEFINITIONS = """
kind: segment
id: viewers
rule: {performed: {event: Product Viewed, within: 1d}}
"""
VISITORS = [f"v{number}" for number in range(500)]
OURS = ("worker-1", "worker-2", "serve", "deliver", "feedback", "collect")
Docker = Callable[..., str]

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.timeout(1_500),
    pytest.mark.skipif(
        shutil.which("docker") is None or subprocess.run(["docker", "compose", "ls"], capture_output=True).returncode != 0,
        reason="needs a Docker engine with compose"),
]


@pytest.fixture
def compose(tmp_path: Path) -> Iterator[Docker]:
    """Runs `docker compose WORDS` on this test's stack, which is up and healthy."""
    key = tmp_path / "env"
    key.write_text(f"AUDIENCE_PROFILE_KEY={secrets.token_hex(32)}\n")
    project = ["docker", "compose", "--project-name", f"audience-{secrets.token_hex(4)}", "--env-file", str(key)]

    def run(*words: str) -> str:
        done = subprocess.run([*project, *words], cwd=ROOT, capture_output=True, text=True, timeout=1_200)
        assert done.returncode == 0, f"docker compose {' '.join(words)}: {done.stderr[-2_000:]}"
        return done.stdout

    try:
        run("up", "--build", "--detach", "--wait")
        yield run
    finally:
        run("down", "--volumes", "--timeout", "60")


def post(path: str, body: object) -> object:
    request = Request(f"http://127.0.0.1:{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)


def see(product: str) -> None:
    """Every visitor views a product; the collector answers once it is on Kafka."""
    batch = [{"type": "track", "event": "Product Viewed", "anonymousId": visitor, "messageId": f"{visitor}-{product}",
              "context": {"consent": {"categoryPreferences": {"personalised-ads": True}}}} for visitor in VISITORS]
    assert post("6092/v1/batch", {"batch": batch}) == {"success": True}


def looked_up() -> int:
    """Visitors who are in the segment as an ad server sees it."""
    found = post("6080/memberships", {"identifiers": [f"cookie:{visitor}" for visitor in VISITORS]})
    return sum(each["segments"] == ["viewers"] for each in found["memberships"])  # type: ignore[index]


def restarts(container: str) -> int:
    inspected = subprocess.run(["docker", "inspect", container], capture_output=True, check=True).stdout
    return int(json.loads(inspected)[0]["RestartCount"])


def test_the_stack_comes_up_counts_through_a_kill_and_stops_by_itself(compose: Docker, tmp_path: Path) -> None:
    definitions = tmp_path / "definitions"
    definitions.mkdir()
    (definitions / "segments.yaml").write_text(DEFINITIONS)
    assert "everything is as it should be" in compose("exec", "-T", "worker-1", "sh", "-c", "audience check 2>&1")
    compose("cp", str(definitions), "worker-1:/data/definitions")
    compose("exec", "-T", "worker-1", "audience", "apply", "definitions")
    see("first")
    compose("exec", "-T", "worker-2", "sh", "-c", "kill -9 -1 || true")
    see("second")
    wait_until(lambda: looked_up() == len(VISITORS), within=120, what="every visitor is in the segment")
    assert restarts(compose("ps", "--quiet", "worker-2").strip()) == 1
    shown = json.loads(compose("exec", "-T", "worker-1", "audience", "profile", "show", "cookie:v7", "--json"))
    assert shown["events"] == 2
    with urlopen("http://127.0.0.1:9090/api/v1/targets", timeout=30) as answer:
        targets = json.load(answer)["data"]["activeTargets"]
    assert {each["labels"]["instance"].partition(":")[0] for each in targets} == set(OURS)
    compose("stop", *OURS)
    rows = map(json.loads, compose("ps", "-a", "--format", "json").splitlines())
    assert {row["ExitCode"] for row in rows if row["Service"] in OURS} == {0}
