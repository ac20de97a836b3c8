"""What a person does, before anything is written: one act becomes one message."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.core.platforms import SourceType
from streams.core.values import Json
from streams.demo.people import App, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The identifiers that a message gives of its sender."""

    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    card: str | None = None
    app: App | None = None
    ad_id: str | None = None
    cookie: str | None = None

    def identifiers(self) -> tuple[str, ...]:
        """As the pipeline should know them, strongest first: ids as they are, addresses in lower case."""
        app = self.app
        tracked = app.advertising_id if app and app.allows_tracking else self.ad_id
        found = (
            ("customer_id", self.customer_id), ("email", self.email and self.email.lower()), ("phone", self.phone),
            ("loyalty_card", self.card), ("device_id", app and app.device_id), ("device_ad_id", tracked and tracked.lower()),
            ("cookie", self.cookie))
        return tuple(f"{namespace}:{value}" for namespace, value in found if value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """`source`: where it is recorded. `type` is that of the Segment message; `event` the name of a track event.
    `delay_ms`: how long ago it was."""

    person: Person
    source: SourceType
    sender: Sender
    type: str = "track"
    event: str = ""
    properties: Mapping[str, Json] = field(default_factory=dict)
    traits: Mapping[str, Json] = field(default_factory=dict)
    consent: Mapping[str, bool] = field(default_factory=dict)
    delay_ms: int = 0
