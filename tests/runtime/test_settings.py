"""Settings: each declared once, all faults at once, no secret shown."""
from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from streams.core.errors import Misconfigured
from streams.runtime.kafka.names import Names
from streams.runtime.settings import SETTINGS, Settings, without_meaning


def test_every_setting_is_declared_documented_and_held_in_the_same_order() -> None:
    assert [setting.field for setting in SETTINGS] == [field.name for field in fields(Settings)]
    assert all(setting.doc.endswith(".") for setting in SETTINGS)


def test_defaults_are_valid_and_an_empty_variable_means_the_default() -> None:
    assert Settings.read({}) == Settings.read({"AUDIENCE_PARTITIONS": "", "AUDIENCE_BROKER": " "})
    assert Settings.read({}).partitions == 4
    assert Settings.read({}).data == Path("audience-data")


def test_lists_every_fault_with_what_was_found_and_expected() -> None:
    with pytest.raises(Misconfigured) as refused:
        Settings.read({
            "AUDIENCE_PARTITIONS": "many", "AUDIENCE_SESSION_TIMEOUT": "5.9", "AUDIENCE_WEB_PORT": "65536",
            "AUDIENCE_DEAD_LETTER_RATIO": "nan", "AUDIENCE_PREFIX": "ä/", "AUDIENCE_PATITIONS": "4", "HOME": "/",
            "AUDIENCE_MEMORY": "x",
        })
    faults = "\n".join(refused.value.faults)
    assert len(refused.value.faults) == 7
    assert "AUDIENCE_PARTITIONS: found 'many'; expected a whole number from 1 to 1024" in faults
    assert "AUDIENCE_SESSION_TIMEOUT: found '5.9'; expected a number from 6 to 300 (seconds)" in faults
    assert "AUDIENCE_MEMORY: found 'x'; expected a whole number from 32 to 1048576 (MiB)" in faults
    assert "AUDIENCE_PATITIONS: no such setting; did you misspell" in faults


@pytest.mark.parametrize("broker", [
    "b1:9092", "b1", "b_1.example.org:1, b2:65535", "[::1]:9092", "[fe80::1%eth0]:9092,127.0.0.1:9"])
def test_a_broker_is_a_name_or_an_address_and_a_port(broker: str) -> None:
    assert Settings.read({"AUDIENCE_BROKER": broker}).broker == broker


@pytest.mark.parametrize("broker", [
    "kafka://b1:9092", "SASL_SSL://b1:9092", "b1:9092/", "b1:x", "b1:0", "b1:65536", "b1:9092:9092", "::1:9092", ",",
    "b1:9092,,b2:9092", "b1:9092;b2:9092", "b1:9092 b2:9092"])
def test_a_broker_that_is_mistyped_is_a_fault_and_not_waited_for(broker: str) -> None:
    """It was waited for, and again at each start (74), or ended the worker with a traceback and code 1."""
    with pytest.raises(Misconfigured, match=r"AUDIENCE_BROKER: found .* expected host:port, host:port, …, without a scheme"):
        Settings.read({"AUDIENCE_BROKER": broker})


@pytest.mark.parametrize(("variable", "least"), [("AUDIENCE_SESSION_TIMEOUT", "6"), ("AUDIENCE_WEB_PORT", "65535")])
def test_bounds_are_included(variable: str, least: str) -> None:
    Settings.read({variable: least})


def test_two_deployments_on_one_cluster_differ_in_every_name() -> None:
    one, two = (Names(Settings.read({"AUDIENCE_PREFIX": prefix})) for prefix in ("", "acme."))
    assert one.changelog == "audience-state-changelog"
    assert {one.group, one.changelog, one.on_cluster("commands"), one.transactional_id(3)}.isdisjoint(
        {two.group, two.changelog, two.on_cluster("commands"), two.transactional_id(3)})
    assert two.logical(two.on_cluster("commands")) == "commands"


@pytest.mark.parametrize(("variable", "meant"), [
    ("AUDIENCE_BROKERS", "AUDIENCE_BROKER"), ("AUDIENCE_BROKER_URL", "AUDIENCE_BROKER"),
    ("AUDIENCE_WEBPORT", "AUDIENCE_WEB_PORT"), ("AUDIENCE_Prefix", "AUDIENCE_PREFIX"),
    ("AUDIENCE_SESSION_TIMEOUT_MS", "AUDIENCE_SESSION_TIMEOUT")])
def test_a_typo_is_a_fault_with_the_setting_that_is_meant(variable: str, meant: str) -> None:
    with pytest.raises(Misconfigured, match=f"{variable}: no such setting; did you misspell {meant}\\?"):
        Settings.read({variable: "1"})


KUBERNETES = {
    "AUDIENCE_SERVICE_HOST": "10.0.0.1", "AUDIENCE_SERVICE_PORT": "80", "AUDIENCE_SERVICE_PORT_HTTP": "80",
    "AUDIENCE_PORT": "tcp://10.0.0.1:80", "AUDIENCE_PORT_80_TCP": "tcp://10.0.0.1:80", "AUDIENCE_PORT_80_TCP_PROTO": "tcp",
    "AUDIENCE_PORT_80_TCP_PORT": "80", "AUDIENCE_PORT_80_TCP_ADDR": "10.0.0.1", "AUDIENCE_WEB_SERVICE_HOST": "10.0.0.2"}


def test_variables_of_others_are_passed_over_and_said_in_the_log_once() -> None:
    environ = KUBERNETES | {"AUDIENCE_SMTP_PASSWORD": "secret", "AUDIENCE_NIGHTLY": "1"}
    assert Settings.read(environ) == Settings.read({})
    assert without_meaning(environ) == ("AUDIENCE_NIGHTLY", "AUDIENCE_SMTP_PASSWORD")
    begins = f"from streams.runtime.logs import begin_log; begin_log({environ!r})"
    said = subprocess.run([sys.executable, "-c", begins], capture_output=True, text=True, check=True)
    [line] = said.stderr.splitlines()
    assert line.endswith("No settings, and passed over: AUDIENCE_NIGHTLY, AUDIENCE_SMTP_PASSWORD")


def test_a_service_that_takes_the_name_of_a_setting_is_said_to_be_one() -> None:
    with pytest.raises(Misconfigured, match="enableServiceLinks"):
        Settings.read({"AUDIENCE_WEB_PORT": "tcp://10.0.0.1:80"})
