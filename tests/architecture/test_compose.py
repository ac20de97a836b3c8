"""`compose.yaml` is the production that people copy: its variables are settings, its parts fit."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.cli import parser
from streams.core.errors import Misconfigured
from streams.runtime.settings import SETTINGS, Settings

FILE = Path(__file__).parents[2] / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
WORKERS = {name: service for name, service in SERVICES.items() if name.startswith("worker")}
BROKERS = {name: service for name, service in SERVICES.items() if name.startswith("kafka")}


def variables(service: dict[str, Any]) -> dict[str, str]:
    given = service["environment"].items()
    return {name: str(value) for name, value in given if name.startswith("AUDIENCE_")}


def test_has_three_brokers_and_two_workers() -> None:
    assert len(BROKERS) == 3
    assert len(WORKERS) == 2


@pytest.mark.parametrize("worker", WORKERS)
def test_names_only_settings_of_ours_with_values_they_take(worker: str) -> None:
    given = variables(WORKERS[worker])
    assert set(given) <= {setting.variable for setting in SETTINGS}
    settings = Settings.read(given)
    assert settings.broker == ",".join(f"{name}:9092" for name in BROKERS)
    assert settings.replication == len(BROKERS)


def test_would_refuse_a_variable_that_is_no_setting() -> None:
    with pytest.raises(Misconfigured, match="AUDIENCE_BROKERS: no such setting"):
        Settings.read({"AUDIENCE_BROKERS": "kafka-1:9092"})


def test_gives_every_worker_its_own_data_and_permanent_name() -> None:
    assert len({variables(worker)["AUDIENCE_INSTANCE"] for worker in WORKERS.values()}) == len(WORKERS)
    assert len({volume for worker in WORKERS.values() for volume in worker["volumes"]}) == len(WORKERS)


@pytest.mark.parametrize("worker", WORKERS)
def test_runs_the_command_that_the_wheel_installs(worker: str) -> None:
    assert WORKERS[worker]["command"] == ["audience", "worker"]


@pytest.mark.parametrize("worker", WORKERS)
def test_copies_into_the_image_all_that_the_wheel_is_built_from(worker: str) -> None:
    lines = WORKERS[worker]["build"]["dockerfile_inline"].splitlines()
    copied = {source for line in lines if line.startswith("COPY ") for source in line.split()[1:-1]}
    assert copied >= {"pyproject.toml", "README.md", "LICENSE", "streams", "schemas", "connectors"}
    assert all((FILE.parent / source).exists() for source in copied)


@pytest.mark.parametrize("worker", WORKERS)
def test_reads_and_writes_parquet(worker: str) -> None:
    assert '".[files]"' in WORKERS[worker]["build"]["dockerfile_inline"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_pinned_checked_and_on_loopback(name: str) -> None:
    service = SERVICES[name]
    assert service["image"].rpartition(":")[2] not in {"", "latest"}
    assert service["healthcheck"]["test"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert all(int(port.split(":")[1]) < 32_768 for port in service["ports"]), "an outgoing connection may have it"


@pytest.mark.parametrize("name", SERVICES)
def test_every_volume_and_dependency_named_exists(name: str) -> None:
    service = SERVICES[name]
    assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= set(COMPOSE["volumes"])
    assert set(service.get("depends_on", {})) <= set(SERVICES)


def test_serves_look_ups_with_a_copy_of_its_own() -> None:
    serve = SERVICES["serve"]
    assert parser().parse_args(serve["command"][1:]).port == 6080
    assert Settings.read(variables(serve)).broker == ",".join(f"{name}:9092" for name in BROKERS)
    assert not set(serve["volumes"]) & {volume for worker in WORKERS.values() for volume in worker["volumes"]}


@pytest.mark.parametrize(("name", "port"), [("deliver", 6090), ("feedback", 6091), ("collect", 6092)])
def test_talks_to_the_outside_in_processes_of_their_own_once_a_worker_has_made_the_topics(name: str, port: int) -> None:
    service = SERVICES[name]
    assert parser().parse_args(service["command"][1:]).port == port
    assert Settings.read(variables(service)).broker == ",".join(f"{broker}:9092" for broker in BROKERS)
    assert service["depends_on"]["worker-1"]["condition"] == "service_healthy"


def test_delivers_no_longer_than_it_is_waited_for_when_it_ends() -> None:
    deliver = SERVICES["deliver"]
    assert parser().parse_args(deliver["command"][1:]).grace + 10 <= int(deliver["stop_grace_period"].removesuffix("s"))


def test_prometheus_scrapes_every_worker_the_look_ups_and_the_deliveries() -> None:
    scrape = yaml.safe_load(COMPOSE["configs"]["prometheus"]["content"])["scrape_configs"]
    targets = {target for job in scrape for part in job["static_configs"] for target in part["targets"]}
    workers = {f"{name}:{variables(worker)['AUDIENCE_WEB_PORT']}" for name, worker in WORKERS.items()}
    assert targets == workers | {"serve:6080", "deliver:6090", "feedback:6091", "collect:6092"}
