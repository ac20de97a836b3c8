"""From a request to a platform, and to who looks it up, on three brokers of which one after the other ends."""
from __future__ import annotations

import asyncio
import json
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from streams.runtime.outside.definitions_log import edit
from streams.task.publishing import revise
from tests.connectors.recording import Recorder, eventually
from tests.kafka.cluster import Cluster
from tests.kafka.deployment import Deployment, free_port, wait_until
from tests.kafka.faults import Supervised
from tests.kafka.test_cluster import REPLICATED
from tests.kafka.test_collect import SEEN, SENDERS, Sender, go_on
from tests.processes import fetched, running

pytestmark = pytest.mark.nightly
CAMPAIGN = {"kind": "campaign", "id": "hello", "segment": "seen", "status": "live",
            "channels": {"display": {"audience": "seen", "destinations": ["platform"], "purpose": "personalised-ads"}}}


def platform(url: str) -> dict[str, object]:
    return {"kind": "destination", "id": "platform", "channel": "display", "connector": "http",
            "settings": {"url": url, "secret": {"env": "HOOK_SECRET"}}}


@pytest.mark.timeout(400)
def test_what_was_answered_with_success_arrives_though_brokers_end(cluster: Cluster, tmp_path: Path) -> None:
    with Deployment(cluster.address, tmp_path, **REPLICATED) as deployment, ExitStack() as stack:
        worker = deployment.worker("one")
        worker.start()
        supervised = stack.enter_context(Supervised(worker))
        variables = deployment.variables | {"HOOK_SECRET": "a long random text", "AUDIENCE_DATA": str(tmp_path / "data")}
        ports = {what: free_port() for what in ("collect", "deliver", "serve")}

        def start(what: str) -> subprocess.Popen[bytes]:
            return stack.enter_context(running(f"{what} --port {ports[what]}", variables, tmp_path / what))

        async def run() -> None:
            async with Recorder() as recorder, asyncio.timeout(360):
                edit(deployment.settings, lambda found: revise(found.heads, {
                    "segment/seen": SEEN, "campaign/hello": CAMPAIGN, "destination/platform": platform(recorder.url)}))
                beside = [start(what) for what in ports]
                wanted = await asyncio.to_thread(collected, cluster, f"http://127.0.0.1:{ports['collect']}/v1/batch")
                await eventually(lambda: len(recorder.accepted) >= len(wanted))
                told = [json.loads(received.body)["identifier"] for received in recorder.seen]
                assert sorted(set(told)) == sorted(wanted) and len(recorder.accepted) == len(wanted)
                looked_up = f"http://127.0.0.1:{ports['serve']}/memberships"
                await asyncio.to_thread(
                    wait_until, lambda: all(b'"seen"' in fetched(f"{looked_up}/{each}")[1] for each in wanted[::50]),
                    within=30, what="they are served")
                assert [process.poll() for process in beside] == [None] * len(beside)

        asyncio.run(run())
        print("ends", supervised.ends)


def collected(cluster: Cluster, url: str) -> list[str]:
    """The identifiers of what was answered with success, while brokers ended: killed, shut down, killed."""
    senders = [Sender(url, place * 1_000_000, batches_a_second=3) for place in range(SENDERS)]
    for sender in senders:
        sender.start()
    for node, end in zip(cluster.nodes, ("kill", "stop", "kill"), strict=True):
        go_on(senders)
        getattr(node, end)()
        go_on(senders)
        node.start()
        cluster.wait_until_in_sync()
    return [f"cookie:c{number}" for sender in senders for number in sender.finish()]
