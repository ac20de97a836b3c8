"""How the tests run: how long Hypothesis looks, and by how many processes."""
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

settings.register_profile(
    "audience", deadline=None, print_blob=True, suppress_health_check=(HealthCheck.too_slow,),
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink))
settings.load_profile("audience")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two for the whole suite, see `side_by_side`; none beside this one for who chooses tests or wants to look on."""
    given = config.option
    is_part = config.args_source is not pytest.Config.ArgsSource.TESTPATHS or given.keyword or config.getoption("lf", False)
    looks_on = given.capture == "no" or given.trace
    return 0 if is_part or looks_on or given.markexpr != "not nightly" else 2


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the order in which they are handed out."""
    if hasattr(config, "workerinput"):
        from tests.side_by_side import turn

        items.sort(key=lambda item: turn(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    from tests.side_by_side import SideBySide

    return SideBySide(config, log)
