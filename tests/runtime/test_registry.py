"""The registry adaptor against a local HTTP server that speaks the two calls it uses."""
from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import schemas
from schemas.codec import Codec
from schemas.errors import Undecodable
from streams.core.errors import Misconfigured, Retryable
from streams.runtime.kafka.registry import Registry, codec_of
from streams.runtime.settings import Settings


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        number = int(self.path.rsplit("/", 1)[1])
        self.server.asked.append(number)  # type: ignore[attr-defined]
        schema = dict(enumerate(self.server.texts)).get(number)  # type: ignore[attr-defined]
        self._answer(200 if schema else 404, {"schema": schema})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = self.server.texts  # type: ignore[attr-defined]
        self.server.registered.append(self.path)  # type: ignore[attr-defined]
        if "refused" in self.path:
            self._answer(409, {})
            return
        if body["schema"] not in texts:
            texts.append(body["schema"])
        self._answer(200, {"id": texts.index(body["schema"])})

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        found.texts, found.asked, found.registered = [], [], []  # type: ignore[attr-defined]
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


MEMBERSHIPS = {"identifier": "cookie:c1", "segments": ["a"], "at": 1}


def test_what_we_write_is_framed_with_the_registered_id_and_read_back(server: ThreadingHTTPServer) -> None:
    settings = Settings.read({"AUDIENCE_REGISTRY": url(server)})
    data = codec_of(settings).encode("memberships", MEMBERSHIPS)
    assert data[0] == 0
    assert schemas.load("memberships") == json.loads(server.texts[int.from_bytes(data[1:5], "big")])  # type: ignore[attr-defined]
    assert codec_of(settings).decode("memberships", data) == MEMBERSHIPS
    registered: list[str] = server.registered  # type: ignore[attr-defined]
    assert len(registered) == len(set(registered)), "a task that is taken over asks for what the process knows"


def test_without_a_registry_values_are_single_objects() -> None:
    assert codec_of(Settings.read({})).encode("memberships", MEMBERSHIPS)[:2] == b"\xc3\x01"


def test_an_unknown_id_is_undecodable_and_not_asked_for_again_at_once(server: ThreadingHTTPServer) -> None:
    codec = Codec(Registry(url(server)).schema_by_id)
    for _ in range(3):
        with pytest.raises(Undecodable):
            codec.decode("memberships", b"\x00\x00\x00\x00\x63rest")
    assert server.asked == [99]  # type: ignore[attr-defined]


def test_a_refused_schema_is_the_operators_affair(server: ThreadingHTTPServer) -> None:
    with pytest.raises(Misconfigured, match="incompatible"):
        Registry(url(server)).register("refused-value", {"type": "string"})


def test_a_registry_that_does_not_answer_is_to_be_tried_again() -> None:
    with pytest.raises(Retryable, match="AUDIENCE_REGISTRY"):
        Registry("http://127.0.0.1:1").schema_by_id(1)
