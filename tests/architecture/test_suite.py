"""The tests themselves: files that can be read at a sitting, and one place for what they share."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from tests.architecture.tree import TOP, files

LONGEST = 500
"""Lines of a file of tests."""

MOST = 15
"""Files in one folder of the kit, its note included; what a source reads is no file of the kit's."""

TESTS = TOP / "tests"
KIT = TESTS / "kit"


def python(folder: Path) -> list[Path]:
    return [path for path in files(folder) if path.suffix == ".py"]


def lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


def test_no_file_of_the_tests_is_over_500_lines() -> None:
    assert {str(path.relative_to(TOP)): n for path in python(TESTS) if (n := lines(path)) > LONGEST} == {}


def test_no_folder_of_the_kit_holds_more_files_than_a_newcomer_takes_in() -> None:
    held = Counter(path.parent for path in python(KIT))
    assert {str(folder): n for folder, n in held.items() if n > MOST} == {}


def test_the_kit_holds_no_test() -> None:
    named = [path for path in python(KIT) if path.name.startswith("test_") or path.name == "conftest.py"]
    defined = [
        (str(path), node.name)
        for path in python(KIT)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert (named, defined) == ([], [])
