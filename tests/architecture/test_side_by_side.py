"""Two processes that run the whole suite: what shares a broker stays together, and begins first."""
from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.conftest import pytest_xdist_auto_num_workers
from tests.processes import ROOT
from tests.side_by_side import BY_THEMSELVES, LAST, turn

FROM = pytest.Config.ArgsSource


@pytest.mark.parametrize("start", BY_THEMSELVES)
def test_who_is_handed_out_alone_exists_and_has_a_broker_of_its_own(start: str) -> None:
    file, _, name = start.partition("::")
    text = (ROOT / file).read_text()
    assert f"def {name}" in text and "own_broker" in text.partition(f"def {name}")[2]
    assert turn(f"{start}[x]") >= LAST


def test_the_rest_of_kafka_comes_first() -> None:
    found = ["tests/core/test_values.py::test_x", "tests/kafka/test_collect.py::test_x", "tests/kafka/test_web.py::test_x",
             "tests/cli/test_demo.py::test_x"]
    assert sorted(found, key=turn) == [found[2], found[3], found[0], found[1]]


@pytest.mark.parametrize(("asked", "expected"), [
    ({}, 2), ({"source": FROM.ARGS}, 0), ({"capture": "no"}, 0), ({"trace": True}, 0), ({"keyword": "values"}, 0),
    ({"markexpr": "nightly"}, 0), ({"lf": True}, 0)], ids=str)
def test_only_the_whole_suite_is_run_by_two(asked: dict[str, object], expected: int) -> None:
    usual = {"source": FROM.TESTPATHS, "capture": "fd", "trace": False, "keyword": "", "lf": False,
             "markexpr": "not nightly"}
    given = usual | asked
    config = SimpleNamespace(
        args_source=given["source"], option=SimpleNamespace(**given), getoption=lambda name, _: given[name])
    assert pytest_xdist_auto_num_workers(config) == expected
