"""The wheel is complete: installed elsewhere, it has every file of the packages, and the command runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("streams", "schemas", "connectors")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel in it and nothing else; the dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT)
    (wheel,) = folder.glob("audience_streams-*.whl")
    target = folder / "installed"
    run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
         "--target", str(target), str(wheel)], cwd=folder)
    return target


def test_has_every_file_of_the_packages(installed: Path) -> None:
    assert files(installed) == files(ROOT)


def test_has_data_files_of_every_kind_that_is_loaded_at_run_time(installed: Path) -> None:
    kinds = {path.suffix for path in files(installed)}
    assert {".avsc", ".json", ".yaml", ".typed"} <= kinds


def test_loads_its_schemas_from_where_it_is_installed(installed: Path) -> None:
    program = "from schemas import catalogue as c; [c.load(name) for name in c.NAMES]; print(c.__file__)"
    assert Path(run_installed(installed, "-c", program).strip()).is_relative_to(installed)


def test_runs_the_command(installed: Path) -> None:
    assert (installed / "bin" / "audience").exists()
    assert "backtest" in run_installed(installed, "-m", "streams.cli", "--help")


def files(folder: Path) -> set[Path]:
    return {
        path.relative_to(folder)
        for package in PACKAGES
        for path in (folder / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def run_installed(installed: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    return run([sys.executable, *arguments], cwd=installed.parent, environment=environment)


def run(command: list[str], *, cwd: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout
