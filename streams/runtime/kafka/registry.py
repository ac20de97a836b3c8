"""Schemas by a registry's ids: reads what others have framed with them, and registers what we write.

Two calls of the registry's HTTP interface. confluent-kafka's own client would need an OAuth library and an older
confluent-kafka; ids never change their meaning, so nothing has to be kept fresh.
"""
from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import cache
from typing import Any

import schemas
from schemas.codec import Codec
from streams.core.errors import Misconfigured, Retryable
from streams.runtime.kafka.names import Names
from streams.runtime.settings import Settings
from streams.topology import TOPICS, Role

ANSWER_WITHIN = 10.0
"""Seconds."""
UNKNOWN_FOR = 10.0
"""Seconds for which an id that the registry does not know is not asked for again."""
MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"


class Registry:
    """One registry, by its URL. For one thread at a time."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._known: dict[int, Mapping[str, Any]] = {}
        self._unknown: dict[int, float] = {}

    def schema_by_id(self, number: int) -> Mapping[str, Any] | None:
        """The schema registered under that id; None if there is none. Retryable if the registry does not answer."""
        if number not in self._known:
            if time.monotonic() < self._unknown.get(number, 0.0):
                return None
            answer = self._call("GET", f"/schemas/ids/{number}", None)
            if answer is None:
                self._unknown[number] = time.monotonic() + UNKNOWN_FOR
                return None
            self._known[number] = json.loads(answer["schema"])
        return self._known[number]

    def register(self, subject: str, schema: Mapping[str, Any]) -> int:
        """The id of the schema under that subject. Misconfigured if the registry refuses it as incompatible."""
        answer = self._call("POST", f"/subjects/{subject}/versions", {"schema": json.dumps(schema)})
        if answer is None:
            raise Misconfigured((f"{self._url}: refuses to register {subject}; is this a schema registry?",))
        return int(answer["id"])

    def _call(self, method: str, path: str, body: Mapping[str, str] | None) -> Mapping[str, Any] | None:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, {"Content-Type": MEDIA_TYPE}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_WITHIN) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as failure:
            failure.close()
            if failure.code == 404:
                return None
            if failure.code in (409, 422):
                raise Misconfigured((f"{self._url}{path}: {failure.code}, the registry holds the schema to be "
                                     "incompatible with what it has; use another subject or prefix",)) from None
            raise Retryable(f"schema registry {self._url}: {failure.code}", after=5) from None
        except (urllib.error.URLError, OSError) as failure:
            raise Retryable(
                f"schema registry {self._url} does not answer; is AUDIENCE_REGISTRY right?", after=5) from failure


def codec_of(settings: Settings) -> Codec:
    """The codec of this deployment: with a registry, its framing; without, single-object encoding. The first of a process
    registers what we write: Misconfigured or Retryable as `Registry`."""
    if not settings.registry:
        return Codec()
    names = Names(settings)
    subjects = tuple((topic.schema, f"{names.on_cluster(topic.name)}-value")
                     for topic in TOPICS if topic.role is not Role.BESIDE)
    return Codec(Registry(settings.registry).schema_by_id, written_ids=_written_ids(settings.registry, subjects))


@cache
def _written_ids(registry: str, subjects: tuple[tuple[str, str], ...]) -> dict[str, int]:
    """Asked for once a process: a task that is taken over must not wait for fifteen answers, nor fail without them."""
    asked = Registry(registry)
    return {schema: asked.register(subject, schemas.load(schema)) for schema, subject in subjects}
