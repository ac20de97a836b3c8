"""Wrong settings of a destination are refused by `apply`, `diff` and `check` like any other fault of a folder."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from connectors.delivery.reading import SettingsReader, WrongDestination
from connectors.destinations.files import connector as files
from streams.cli import main
from streams.cli.connectors import CONNECTORS
from streams.cli.deliver import roster_of
from streams.cli.destinations import faults_of
from streams.cli.operate import _faults_of_definitions
from streams.core.values import Json
from streams.definitions import build, load_folder
from tests.definitions.refused import faults

ROOT = Path(__file__).parents[2]
READMES = sorted((ROOT / "connectors").rglob("README.md"))
HEAD = "kind: destination\nid: d\nchannel: display\nconnector: "
HTTP = HEAD + "http\nsettings:\n  url: https://example.com/\n"
SMTP = HEAD + "smtp\nsettings:\n  host: mail\n  sender: a@example.com\n"
TEXTS = HEAD + "sms-http\nsettings:\n  provider: twilio\n  account: AC1\n  token: {env: T}\n  sender: '+1500'\n"
FILE = HEAD + "file\nsettings:\n  folder: out\n"
GAM = HEAD + "ad-manager-ppid\nsettings:\n  folder: out\n  lists: {cart: 1}\n"
UID2 = HEAD + "uid2\nsettings:\n  folder: out\n"
META = HEAD + "meta-custom-audience\nsettings:\n  audiences: {cart: 1}\n  token: {env: T}\n"
GOOGLE = HEAD + ("google-customer-match\nsettings:\n  account: 1\n  lists: {cart: 1}\n  terms: accepted\n"
                 "  client_id: {env: I}\n  client_secret: {env: S}\n  refresh_token: {env: R}\n")
KEVEL = HEAD + "kevel\nsettings:\n  network: 1\n  key: {env: K}\n"
OPENRTB = HEAD + "openrtb\nsettings:\n  url: https://example.com/\n  provider: shop.example\n"
WELL = {"http": HTTP, "smtp": SMTP, "sms-http": TEXTS, "file": FILE, "ad-manager-ppid": GAM, "uid2": UID2,
        "meta-custom-audience": META, "google-customer-match": GOOGLE, "kevel": KEVEL, "openrtb": OPENRTB}

ADDRESS = "expected an http or https address"
WRONG = [
    (HEAD + "htp\nsettings: {x: 1}", '4: connector is "htp"; expected one of http, smtp, sms-http, file, ad-manager-ppid, '
                                     'uid2, meta-custom-audience, google-customer-match, kevel, openrtb; did you mean '
                                     'http?'),
    (HEAD + "http", f"1: settings has no url; {ADDRESS}"),
    (HEAD + "http\nsettings:\n  timeout: 5", f"5: settings has no url; {ADDRESS}"),
    (HEAD + "http\nsettings:\n  ulr: https://example.com", '6: unknown setting "ulr"; expected one of url, secret, body, '
     "content_type, headers, timeout, concurrency, per_second, apart; did you mean url?"),
    (HEAD + "http\nsettings:\n  url: ftp://x", f'6: settings.url is "ftp://x"; {ADDRESS}'),
    (HEAD + "http\nsettings:\n  url: 'http://['", f'6: settings.url is "http://["; {ADDRESS}'),
    (HTTP + "  body: '{% if %}'", '7: settings.body is "{% if %}"; expected a valid Jinja template (Expected an expression, '
                                  "got 'end of statement block', line 1)"),
    (HTTP + "  headers:\n    X-A: 1", "8: settings.headers.X-A is 1; expected a text on one line, or {env: NAME}"),
    (HTTP + "  headers:\n    X A: b",
     '8: settings.headers.X A is "b"; expected the name of a header: letters, digits and -'),
    (HTTP + "  headers:\n    Host: b",
     '8: settings.headers.Host is "b"; expected another header: this one is set by who sends'),
    (HTTP + "  headers: x", '7: settings.headers is "x"; expected an object of texts'),
    (HTTP + "  concurrency: 0", "7: settings.concurrency is 0; expected a number from 1 to 500"),
    (HTTP + "  per_second: -1", "7: settings.per_second is -1; expected a number from 0 to 100,000"),
    (HTTP + "  per_secnd: 1", '7: unknown setting "per_secnd"; expected one of url, secret, body, content_type, headers, '
                              "timeout, concurrency, per_second, apart; did you mean per_second?"),
    (HEAD + "smtp\nsettings:\n  host: mail",
     '5: settings has no sender; expected an address of ASCII, such as Shop <news@example.com> or "Shop, Inc." '
     "<news@example.com>"),
    (SMTP + "  tls: startls",
     '8: settings.tls is "startls"; expected one of starttls, implicit, none; did you mean starttls?'),
    (SMTP + "  port: '25'", '8: settings.port is "25"; expected a number from 1 to 65,535'),
    (SMTP + "hashing: sha256", '8: hashing is "sha256"; expected none with the connector smtp, which needs the identifier '
                               "itself"),
    (TEXTS.replace("twilio", "twillio"),
     '6: settings.provider is "twillio"; expected twilio; another gateway is reached with '
     "the connector http and a body of its own; did you mean twilio?"),
    (TEXTS + "  callback: /twilio/d", f'10: settings.callback is "/twilio/d"; {ADDRESS}'),
    (TEXTS.replace("AC1", "a:b"), '7: settings.account is "a:b"; expected the account\'s SID, such as AC0123456789'),
    (FILE + "  format: json", '7: settings.format is "json"; expected one of jsonl, csv, parquet; did you mean jsonl?'),
    (FILE.replace("out", "s3://x"), '6: settings.folder is "s3://x"; expected a folder; an object store is reached by '
                                    "mounting or syncing one"),
    (GAM.replace("{cart: 1}", "{cart: x}"), '7: settings.lists.cart is "x"; expected the number of an Ad Manager list'),
    (GAM.replace("{cart: 1}", "{'': 1}"),
     "7: settings.lists is an object; expected the number of an Ad Manager list by the name of each audience"),
    (UID2 + "  rows: 0", "7: settings.rows is 0; expected a number from 1 to 10,000,000"),
    (META + "  version: 25", "8: settings.version is 25; expected a version of the Graph API, such as v25.0"),
    (META + "  apart: 2s", '8: settings.apart is "2s"; expected a number from 0 to 86,400'),
    (GOOGLE.replace("accepted", "yes"),
     '8: settings.terms is "yes"; expected accepted, once you have accepted Google\'s terms of Customer Match'),
    (GOOGLE.replace("account: 1", "account: 1-2"), '6: settings.account is "1-2"; expected a number'),
    (KEVEL + "  user_key: sha-256",
     '8: settings.user_key is "sha-256"; expected one of as-is, sha256; did you mean sha256?'),
    (KEVEL.replace("network: 1", "network: x"), '6: settings.network is "x"; expected a number'),
    (KEVEL.replace("{env: K}", "hush"), "7: settings.key is a secret in clear text; expected {env: NAME} of a variable that "
                                        "is set"),
    (META.replace("{env: T}", "hush"),
     "7: settings.token is a secret in clear text; expected {env: NAME}, its variable's name"),
    (META.replace("{env: T}", "{env: 5}"), "7: settings.token.env is 5; expected a text"),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_one_sentence_for_what_is_wrong(tmp_path: Path, text: str, sentence: str) -> None:
    assert faults(tmp_path, text, check=faults_of) == (f"d.yaml:{sentence}",)


@pytest.mark.parametrize("written", [{"env": ""}, {"env": 5}, {"env": None}, {}, "hush"])
def test_a_secret_is_the_name_of_a_variable_also_where_nobody_asks_what_it_holds(written: Json) -> None:
    reading = SettingsReader("d", {"key": written})
    assert reading.secret("key") == ""
    with pytest.raises(WrongDestination, match="of a variable that is set"):
        reading.finish()


@pytest.mark.parametrize("connector", CONNECTORS)
def test_variables_need_not_be_set_where_one_applies_but_where_one_delivers(tmp_path: Path, connector: str) -> None:
    (tmp_path / "d.yaml").write_text(WELL[connector])
    documents = load_folder(tmp_path, faults_of).sources
    names = dict.fromkeys(re.findall(r"env: (\w+)", WELL[connector]), "x")
    assert list(roster_of(documents, None, names).running) == ["d"]
    assert bool(roster_of(documents, None, {}).faults) == bool(names)
    assert len(faults(tmp_path, WELL[connector] + "  surprise: 1", check=faults_of)) == 1


def test_a_text_of_another_machine_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text(HEAD + "http\nsettings: {url: {env: A}, body: {env: B}, secret: {env: C}, headers: "
                                     "{X: {env: D}}}\n---\n" + SMTP.replace("id: d", "id: e").replace("mail", "{env: E}")
                                     .replace("a@example.com", "{env: F}") + "  tls: {env: G}\n")
    assert len(load_folder(tmp_path, faults_of).destinations) == 2


def test_files_are_written_with_what_is_installed_where_one_delivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "find_spec", lambda _: None)
    document = yaml.safe_load(FILE + "  format: parquet")
    assert faults_of(document) == []
    assert "pip install" in roster_of({"destination/d": document}, None, {}).faults["d"][0]


def test_all_at_once_with_what_is_wrong_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = faults(tmp_path, HEAD.replace("display", "fax") + "http\nsettings:\n  url: x\n  token: hush\n  secret: hush\n"
                    "---\nkind: segment\nid: s\nrule: {}\n", check=faults_of)
    assert [fault.split(":")[1] for fault in found] == ["3", "6", "7", "7", "8", "12"]
    assert not any("hush" in fault for fault in found)
    for command in ("apply", "diff"):
        assert main([command, str(tmp_path)]) == 1
        said = capsys.readouterr().err.replace(f"{tmp_path}/", "")
        assert said == f"audience {command}: {chr(10).join(found)}\n"
    assert _faults_of_definitions(tmp_path) == tuple(f"{tmp_path}/{fault}" for fault in found)


@pytest.mark.parametrize(("text", "_sentence"), WRONG[:-2])
def test_what_is_in_force_stays_readable_to_workers(text: str, _sentence: str) -> None:
    assert len(build({"destination/d": yaml.safe_load(text)}, 1, {}).destinations) == 1


ODD: tuple[object, ...] = (
    None, True, -1, 1.5, float("nan"), 10 ** 400, "", "x", "http://[", "http://a:b", "\ud800", "whsec_\u00e9", "{%",
    "{{ x|no }}", [], [{}], {}, {"a": None}, {"env": ""}, {"env": []}, {"env": "X", "b": 1})


@pytest.mark.parametrize("connector", CONNECTORS)
def test_no_value_ends_the_reading(connector: str) -> None:
    document = yaml.safe_load(WELL[connector])
    (unknown,) = faults_of(document | {"settings": document["settings"] | {"surprise": 1}})
    for name in unknown.expected.removeprefix("one of ").split(", "):
        for value in ODD:
            found = faults_of(document | {"settings": document["settings"] | {name: value}})
            assert all(fault.steps[:2] == ("settings", name) for fault in found)


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: str(readme.parent.name))
def test_examples_of_the_readmes_are_accepted(readme: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", readme.read_text(), re.DOTALL)
    documents = [document for block in blocks for document in yaml.safe_load_all(block)]
    found = [document for document in documents if isinstance(document, dict) and document.get("kind") == "destination"]
    assert bool(found) == (readme.parent.parent.name == "destinations")
    assert [faults_of(document) for document in found] == [[]] * len(found)


def test_the_demo_is_accepted() -> None:
    assert load_folder(ROOT / "streams/demo/definitions", faults_of).campaigns
