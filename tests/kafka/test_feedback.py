"""Feedback on Apache Kafka: from a link that a person pressed to the request on its topic."""
from __future__ import annotations

from pathlib import Path

from connectors.delivery.sealing import Seal
from schemas import Codec
from streams.runtime.outside.definitions_log import edit
from streams.task.publishing import revise
from tests.kafka.deployment import Deployment, free_port, wait_until
from tests.kafka.observed import standing
from tests.processes import fetched, running

SEAL = "a long random text"
JANE, OTHER = "email:jane@example.org", "email:other@example.org"


def mailbox(folder: Path) -> Path:
    """With one bounce of a mail that was sent to OTHER."""
    new = folder / "bounces" / "new"
    new.mkdir(parents=True)
    (new / "1").write_text(
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nAction: failed\nStatus: 5.1.1\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nX-Audience-Token: {Seal(SEAL).token(OTHER)}\n--b--\n")
    return new.parent


def requests(deployment: Deployment) -> list[tuple[str, str, str, str]]:
    found = []
    for message in standing(deployment.settings, [deployment.names.on_cluster("privacy.requests")]):
        row = Codec().decode("privacy_request", message.value() or b"")
        assert (message.key() or b"").decode() == row["identifier"]
        found.append((row["action"], row["identifier"], row["reason"], row["source"]))
    return sorted(found)


def test_a_link_and_a_bounce_become_requests_with_the_key_that_apply_named(deployment: Deployment, tmp_path: Path) -> None:
    settings, port = deployment.settings, free_port()
    words = f"feedback --port {port} --mailbox {mailbox(tmp_path)}"
    with running(words, deployment.variables | {"SEAL": SEAL}) as process:
        link = f"http://127.0.0.1:{port}/unsubscribe/{Seal(SEAL).token(JANE)}"
        press = b"List-Unsubscribe=One-Click"
        wait_until(lambda: fetched(link, press)[0] == 404, within=60, what="answers, and knows no destination")
        document = {"kind": "destination", "id": "mail", "channel": "email", "connector": "smtp",
                    "settings": {"host": "x", "sender": "a@b.example", "unsubscribe_key": {"env": "SEAL"}}}
        edit(settings, lambda found: revise(found.heads, {"destination/mail": document}))
        wait_until(lambda: fetched(link, press)[0] == 200, within=30, what="the destination's key is in force")
        wait_until(lambda: len(requests(deployment)) >= 2, within=30, what="the mailbox is read")
        assert requests(deployment) == [("suppress", JANE, "unsubscribed", "feedback:link"),
                                        ("suppress", OTHER, "bounced", "feedback:mail")]
        process.terminate()
        assert process.wait(30) == 0
