"""Files of at most 300 lines and functions of at most 40: what does not fit is two things."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    file.relative_to(ROOT)
    for folder in ("streams", "schemas", "connectors", "tests")
    for file in sorted((ROOT / folder).rglob("*.py"))
]
LONGEST_FILE = 300
LONGEST_FUNCTION = 40


@pytest.mark.parametrize("file", FILES, ids=Path.as_posix)
def test_file_and_functions_are_short(file: Path) -> None:
    text = (ROOT / file).read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    lengths = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}
