"""Who may import whom: the cut of the system, as streams/README.md lists its layers, cannot wear away unseen."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("streams", "schemas", "connectors")
FILES = [file.relative_to(ROOT) for folder in OURS for file in sorted((ROOT / folder).rglob("*.py"))]
OUTSIDE_RUNTIME = [file for file in FILES if not file.is_relative_to("streams/runtime")]
ONLY_IN_RUNTIME = {"faust", "mode", "aiokafka", "confluent_kafka", "rocksdict"}
# What would give the core a clock, chance, a log or the outside world. `datetime` is checked by its calls.
IMPURE = {"asyncio", "io", "logging", "os", "pathlib", "random", "secrets", "socket", "subprocess",
          "threading", "time", "urllib", "uuid"}


def imports(file: Path) -> Iterator[str]:
    """Full names of the modules that `file` imports, inside functions too."""
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative import; write the full name"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def in_package(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def under(*folders: str) -> list[Path]:
    return [file for file in FILES if any(file.is_relative_to(folder) for folder in folders)]


def named(file: Path) -> str:
    return file.as_posix()


@pytest.mark.parametrize("file", under("streams/core"), ids=named)
def test_core_imports_the_standard_library_and_itself(file: Path) -> None:
    allowed = ("streams.core", *sys.stdlib_module_names)
    assert not {name for name in imports(file) if not in_package(name, *allowed)}


@pytest.mark.parametrize("file", under("streams/core"), ids=named)
def test_core_has_no_clock_no_chance_and_no_outside_world(file: Path) -> None:
    assert not {name for name in imports(file) if in_package(name, *IMPURE)}
    calls = [node for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.Call)]
    names = {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}
    plain = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
    assert not names & {"now", "utcnow", "today"}
    assert not plain & {"open", "print", "input"}


@pytest.mark.parametrize("file", under("streams/core/segments"), ids=named)
def test_the_rule_engine_knows_profiles_and_events_and_nothing_of_identity_and_campaigns(file: Path) -> None:
    known = ("segments", "definitions", "errors", "events", "intervals", "precedence", "profile", "values")
    allowed = tuple(f"streams.core.{name}" for name in known)
    assert not {name for name in imports(file) if in_package(name, "streams") and not in_package(name, *allowed)}


@pytest.mark.parametrize("file", OUTSIDE_RUNTIME, ids=named)
def test_only_runtime_imports_faust_kafka_and_rocksdb(file: Path) -> None:
    assert not {name for name in imports(file) if in_package(name, *ONLY_IN_RUNTIME)}


@pytest.mark.parametrize("file", under("schemas"), ids=named)
def test_schemas_import_nothing_of_the_pipeline(file: Path) -> None:
    assert not {name for name in imports(file) if in_package(name, "streams", "connectors")}


@pytest.mark.parametrize("file", under("connectors"), ids=named)
def test_connectors_import_core_and_schemas_and_not_each_other(file: Path) -> None:
    own = ".".join(file.parts[:3]).removesuffix(".py")
    shared = ("connectors.delivery", "connectors.openrtb", "connectors.probes", "connectors.requests")
    allowed = ("streams.core", "schemas", *shared, own)
    assert not {name for name in imports(file) if in_package(name, *OURS) and not in_package(name, *allowed)}


@pytest.mark.parametrize("file", under("connectors"), ids=named)
def test_connectors_are_told_what_time_it_is(file: Path) -> None:
    assert not {name for name in imports(file) if in_package(name, "time")}


@pytest.mark.parametrize("file", FILES, ids=named)
def test_nobody_looks_up_a_variable_of_the_environment(file: Path) -> None:
    """`os.environ` may be handed over whole, to `Settings.read` or a process of ours; settings are named
    there."""
    assert not {name for name in imports(file) if name in {"os.environ", "os.getenv"}}
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        match node:
            case ast.Attribute(attr="getenv") | ast.Subscript(value=ast.Attribute(attr="environ")) \
                    | ast.Attribute(value=ast.Attribute(attr="environ")):
                pytest.fail(f"{file}:{node.lineno}: make it a setting in streams/runtime/settings.py")
