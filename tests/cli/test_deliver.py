"""What `audience deliver` runs, and what it refuses to."""
from __future__ import annotations

from typing import Any

import pytest

from connectors.delivery.hashing import Hashed
from streams.cli.deliver import _running
from streams.core.errors import Misconfigured


def document(name: str, connector: str = "http", **settings: Any) -> dict[str, Any]:
    return {f"destination/{name}": {
        "kind": "destination", "id": name, "channel": "email", "connector": connector, "settings": settings}}


def test_runs_all_destinations_at_the_pace_of_their_settings() -> None:
    documents = document("hook", url="https://example.com/", per_second=5) | document(
        "mail", "smtp", host="mail", sender="a@example.com")
    hook, mail = _running(documents, 1, None, {})
    assert (hook.id, hook.channel, hook.limits.per_second, hook.limits.burst) == ("hook", "email", 5, 5)
    assert (mail.id, mail.limits.per_second) == ("mail", 0)
    assert [each.id for each in _running(documents, 1, ["mail"], {})] == ["mail"]


def test_tells_the_faults_of_all_destinations_at_once() -> None:
    documents = document("hook", url="x", per_second=-1) | document("ads", "openrtb") | document("mail", "smtp", sender="a@b")
    with pytest.raises(Misconfigured) as caught:
        _running(documents, 1, None, {})
    told = "\n".join(caught.value.faults)
    assert "hook: settings.per_second" in told and "no connector openrtb" in told and "mail: settings.host" in told


def test_says_which_destinations_there_are() -> None:
    with pytest.raises(Misconfigured, match="no destination hok; defined are: hook"):
        _running(document("hook", url="https://example.com/"), 1, ["hok"], {})
    with pytest.raises(Misconfigured, match="no destination at all"):
        _running({}, 1, None, {})


def test_hashing_goes_around_the_connector_and_is_refused_where_the_address_is_needed() -> None:
    hook = document("hook", url="https://example.com/")
    hook["destination/hook"]["hashing"] = "sha256"
    assert isinstance(_running(hook, 1, None, {})[0].connector, Hashed)
    mail = document("mail", "smtp", host="mail", sender="a@b")
    mail["destination/mail"]["hashing"] = "sha256"
    with pytest.raises(Misconfigured, match="mail: hashing: expected none"):
        _running(mail, 1, None, {})


@pytest.mark.parametrize(("connector", "settings"), [("uid2", {}), ("ad-manager-ppid", {"lists": {"cart": 1}})])
def test_lists_with_a_platforms_own_hashing_refuse_another(connector: str, settings: dict[str, Any]) -> None:
    lists = document("lists", connector, folder="exports", **settings)
    assert [each.id for each in _running(lists, 1, None, {})] == ["lists"]
    lists["destination/lists"]["hashing"] = "sha256"
    with pytest.raises(Misconfigured, match="lists: hashing: expected none"):
        _running(lists, 1, None, {})


def test_files_may_be_told_digests() -> None:
    lake = document("lake", "file", folder="exports", format="csv")
    lake["destination/lake"]["hashing"] = "sha256"
    assert isinstance(_running(lake, 1, None, {})[0].connector, Hashed)
