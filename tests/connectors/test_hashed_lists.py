"""Lists for platforms with rules of their own: inputs, what is expected, and who says so."""
from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest

from connectors.delivery import Delivered, Refused
from connectors.delivery.reading import SettingsReader
from connectors.destinations import ppid, uid2
from connectors.destinations.ppid.mapping import ppid_of
from connectors.destinations.uid2.mapping import hash_of
from streams.core.errors import Misconfigured
from streams.definitions.bodies import compiled
from tests.connectors.recording import activation

UID2_DOCS = "unifiedid.com/docs/getting-started/gs-normalization-encoding"
PPID_HELP = "support.google.com/admanager/answer/2880055"
PREBID = "github.com/prebid/Prebid.js/pull/7681"
RFC6234 = "printf 'test@example.com' | sha256sum"
DIGEST = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"


@pytest.mark.parametrize(("identifier", "expected", "_source"), [
    ("email:user@example.com", "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ=", UID2_DOCS),
    ("email:MyEmail@example.com", "FsGNM28LJQ8OLZB0Us65ZYp07NrovJSGTCMSKnLMJ6U=", UID2_DOCS),
    ("email:My.Email@example.com", "4itTvG+HEnTzpiqzejyu1yFPwU1nYhWpaiQvz62hyB8=", UID2_DOCS),
    ("email: JANESAOIRSE@example.com ", "1mcOepIAfxtf94Xx/IHlOqbT170GvfXEc83HKGwoS20=", UID2_DOCS),
    ("email:jane.saoirse@example.com", "sZZDLHuYmiypHIN5mVfFFdpT5sE6vyC3j+qU8RfpC/g=", UID2_DOCS),
    ("email:JaneSaoirse+Work@example.com", "KKruSBUjDNO069iMUVImVQZm6RrAGZKeOtrD9mwogYA=", UID2_DOCS),
    ("email:JANE.SAOIRSE@gmail.com", "ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8=", UID2_DOCS),
    ("email:JaneSaoirse+Work@gmail.com", "ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8=", UID2_DOCS),
    ("phone:+12345678901", "EObwtHBUqDNZR33LNSMdtt5cafsYFuGmuY4ZLenlue4=", UID2_DOCS),
])
def test_uid2_hashes(identifier: str, expected: str, _source: str) -> None:
    namespace = identifier.partition(":")[0]
    assert hash_of(identifier) == (f"{namespace}_hash", expected)


@pytest.mark.parametrize("identifier", ["phone:12345678901", "phone:+1234567890123456", "email:nobody", "cookie:abc"])
def test_uid2_takes_nothing_else(identifier: str) -> None:
    assert isinstance(hash_of(identifier), Refused)


@pytest.mark.parametrize(("identifier", "is_hashed_by_us", "expected", "_source"), [
    ("email:test@example.com", True, DIGEST, RFC6234),
    ("ppid:12JD92JD8078S8J29SDOAKC0EF230337", False, "12JD92JD8078S8J29SDOAKC0EF230337", PPID_HELP),
    ("ppid:" + "a" * 22, False, "a" * 22, "not verified: at least 22"),
    ("ppid:" + "a" * 150, False, "a" * 150, PREBID + ": at most 150"),
    ("cookie:123e4567-e89b-12d3-a456-426614174000", False, "123e4567-e89b-12d3-a456-426614174000", "or a UUID"),
    ("ppid:" + "a" * 21, False, None, "not verified: at least 22"),
    ("ppid:" + "a" * 151, False, None, PREBID + ": at most 150"),
    ("ppid:aaaaaaaaaaaaaaaaaaaaaaaa_a", False, None, "letters and digits"),
    ("ppid:éaaaaaaaaaaaaaaaaaaaaaaaaa", False, None, "letters and digits"),
    ("device_ad_id:123e4567-e89b-12d3-a456-426614174000", False, None, PPID_HELP),
    ("phone:+3161234567812345678901234", False, None, PPID_HELP),
])
def test_ppids(identifier: str, is_hashed_by_us: bool, expected: str | None, _source: str) -> None:
    found = ppid_of(identifier, is_hashed_by_us=is_hashed_by_us)
    assert isinstance(found, Refused) if expected is None else found == expected


def test_an_ad_manager_file_has_members_and_removals(tmp_path: Path) -> None:
    batch = [activation(number, identifier="cookie:test@example.com", change=change, content={"audience": audience})
             for number, (change, audience) in enumerate((
                 ("entered", "cart"), ("exited", "cart"), ("entered", "other"), ("message", "cart")))]

    async def run() -> list[type]:
        connector = ppid.make(SettingsReader("gam", {"folder": str(tmp_path), "lists": {"cart": 3153490}}, {}))
        outcomes = await connector.deliver(batch, 0)
        await connector.close()
        return [type(each) for each in outcomes]

    assert asyncio.run(run()) == [Delivered, Delivered, Refused, Refused]
    assert (tmp_path / "gam-0000000001.csv").read_text() == (
        f"ppid,list_id,delete,process_consent\n{DIGEST},3153490,0,true\n{DIGEST},3153490,1,\n")


def test_a_uid2_file_names_nobody(tmp_path: Path) -> None:
    batch = [activation(0, identifier="email:user@example.com", change="entered", content={"audience": "cart"}),
             activation(1, identifier="email:user@example.com", change="exited", content={"audience": "cart"}),
             activation(2, identifier="cookie:abc", change="entered", content={"audience": "cart"}),
             activation(3, identifier="email:user@example.com")]

    async def run() -> list[type]:
        connector = uid2.OFFER.make(SettingsReader("uid2", {"folder": str(tmp_path)}, {}), compiled)
        outcomes = await connector.deliver(batch, 0)
        await connector.close()
        return [type(each) for each in outcomes]

    assert asyncio.run(run()) == [Delivered, Delivered, Refused, Refused]
    known = "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ="
    lines = (tmp_path / "uid2-0000000001.jsonl").read_bytes().splitlines()
    assert [orjson.loads(line) for line in lines] == [
        {"audience": "cart", "action": "add", "email_hash": known},
        {"audience": "cart", "action": "remove", "email_hash": known}]
    assert not [file for file in tmp_path.iterdir() if b"user@" in file.read_bytes()]


def test_all_faults_of_the_settings_are_told() -> None:
    with pytest.raises(Misconfigured) as caught:
        ppid.make(SettingsReader("gam", {"lists": {"cart": "x"}, "ppid": "md5"}, {}))
    assert len(caught.value.faults) == 3
    with pytest.raises(Misconfigured, match=r"settings\.lists: expected one of folder"):
        uid2.OFFER.make(SettingsReader("uid2", {"folder": "x", "lists": {}}, {}), compiled)
