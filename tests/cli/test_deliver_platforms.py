"""`audience deliver` and the ad platforms: each has its connector, its pace, and no hashing but its own."""
from __future__ import annotations

from dataclasses import replace

import pytest

from streams.cli.connectors import ready
from streams.core.definitions import Destination
from streams.core.errors import Misconfigured

SECRET = {"env": "SECRET"}
PLATFORMS = {
    "kevel": {"network": 23, "key": SECRET},
    "meta-custom-audience": {"audiences": {"cart": 1}, "token": SECRET},
    "google-customer-match": {"account": 1, "lists": {"cart": 1}, "terms": "accepted", "client_id": SECRET,
                              "client_secret": SECRET, "refresh_token": SECRET}}


@pytest.mark.parametrize(("connector", "apart"), [
    ("kevel", 0), ("meta-custom-audience", 2_000), ("google-customer-match", 2_000)])
def test_each_is_made_and_called_at_its_own_pace(connector: str, apart: int) -> None:
    destination = Destination(id="ads", channel="display", connector=connector, settings=tuple(PLATFORMS[connector].items()))
    assert ready(destination, {"SECRET": "s"}).limits.apart == apart
    quicker = replace(destination, settings=(*destination.settings, ("apart", 0.5)))
    assert ready(quicker, {"SECRET": "s"}).limits.apart == 500
    with pytest.raises(Misconfigured, match=r"ads: settings\.apart: expected a number from 0"):
        ready(replace(destination, settings=(*destination.settings, ("apart", "2s"))), {"SECRET": "s"})
    with pytest.raises(Misconfigured, match="ads: hashing: expected none"):
        ready(replace(destination, hashing="sha256"), {"SECRET": "s"})
    with pytest.raises(Misconfigured, match="of a variable that is set"):
        ready(destination, {})
