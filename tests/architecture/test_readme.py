"""The README tells what is there: every setting and command, and tests that exist."""
from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from streams.cli import parser
from streams.runtime.settings import SETTINGS
from streams.topology import TOPICS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FOLDERS = ("streams", "connectors", "schemas", "tests")
PAGES = [ROOT / "README.md", *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))]
PEOPLE = (ROOT / "streams" / "core" / "README.md").read_text()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.variable)
def test_every_setting_stands_in_the_readme_with_its_default_and_meaning(setting: object) -> None:
    row = next((line for line in README.splitlines() if line.startswith(f"| `{setting.variable}` |")), "")  # type: ignore[attr-defined]
    assert setting.doc in row  # type: ignore[attr-defined]
    assert not setting.default or f"`{setting.default}`" in row  # type: ignore[attr-defined]


def commands() -> set[str]:
    actions = parser()._subparsers
    assert actions is not None
    return {name for action in actions._group_actions if isinstance(action, argparse._SubParsersAction)
            for name in action.choices}


def test_every_command_stands_in_the_readme_and_no_other() -> None:
    section = README.partition("## Commands")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    told = {name.split()[0] for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert told == commands()


def test_every_command_that_a_sentence_of_ours_names_is_there() -> None:
    files = [file for folder in ("streams", "connectors", "schemas") for file in (ROOT / folder).rglob("*.py")]
    named = {(name, file) for file in files for name in re.findall(r"`audience ([a-z][a-z-]+)", file.read_text())}
    assert named
    assert not {(name, file) for name, file in named if name not in commands()}


def test_every_proving_test_stands_in_the_file_that_is_linked() -> None:
    section = README.partition("## Promises")[2].partition("\n## ")[0]
    linked = re.findall(r"\[`([\w/.]+)`\]\((tests/[\w/]+\.py)\)", section)
    assert len(linked) == len(re.findall(r"`test_\w+`|`tests/[\w/.]+`", section)), "one of them is not linked"
    for name, path in linked:
        assert name == path or f"def {name}(" in (ROOT / path).read_text(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_and_section_that_a_page_links_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not target.startswith("http"):
            path, _, anchor = target.partition("#")
            linked = page.parent / path if path else page
            assert linked.exists(), target
            assert not anchor or anchor in anchors(linked.read_text()), target


def anchors(page: str) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_topic_that_keeps_records_for_a_time_stands_in_the_readme_with_that_time() -> None:
    section = PEOPLE.partition("## Erasing a person")[2].partition("\n## ")[0]
    told = {name: row.rstrip(" |").rpartition("| ")[2] for row in section.splitlines() if row.startswith("| `")
            for name in re.findall(r"`([^`]+)`", row)}
    kept = {each.name: each.retention for each in TOPICS if each.retention is not None and each.name != "privacy.receipts"}
    assert told == {name: f"{time.days} days" if time.days else "1 hour" for name, time in kept.items()}


def test_every_folder_of_the_pipeline_and_of_its_runtime_stands_among_the_layers() -> None:
    section = (ROOT / "streams" / "README.md").read_text().partition("## Layers")[2].partition("\n## ")[0]
    told = {word for row in section.splitlines() for word in re.findall(r"\w+", row.split("|")[1] if "|" in row else "")}
    folders = {file.parent.name for level in ("*", "runtime/*") for file in (ROOT / "streams").glob(f"{level}/__init__.py")}
    assert folders and not folders - told
