"""``docs/conformance.md`` names tests that exist, and every module that a test of the suite plays is in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).parents[2]
SUITE = TOP / "tests/flows/suite"
MODULE = re.compile(r"oidcc-[\w-]+")
PLANS = {
    "Config": 1,
    "Basic": 38,
    "Form Post": 38,
    "Dynamic": 23,
    "RP-Initiated Logout": 11,
    "Back-Channel Logout": 2,
    "Front-Channel Logout": 2,
}
"""The plans with how many modules each has."""


def rows() -> list[tuple[str, str, list[str], str]]:
    """The table: plan, module, the tests that show it, and what is not run or not met."""
    lines = (TOP / "docs/conformance.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [(plan, module, re.findall(r"`(tests/[^`]+)`", shows), why) for plan, module, shows, why in cells[1:]]


def played(path: Path) -> dict[str, str]:
    """Each test of a file with its docstring; those that a class inherits from another module of the folder are its
    own."""
    return dict(_named(path, ast.parse(path.read_text(encoding="utf-8")).body))


def _named(path: Path, body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name, ast.get_docstring(node) or ""
        elif isinstance(node, ast.ClassDef):
            inherited = [
                item for base in node.bases if isinstance(base, ast.Name) for item in _inherited(path, base.id)
            ]
            for name, doc in [*inherited, *_named(path, node.body)]:
                yield f"{node.name}::{name}", doc


def _inherited(path: Path, base: str) -> Iterator[tuple[str, str]]:
    for other in path.parent.glob("*.py"):
        for node in ast.parse(other.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name == base:
                yield from _named(other, node.body)


def test_every_plan_is_in_the_table_with_each_of_its_modules_once() -> None:
    found = [(plan, module) for plan, module, _, _ in rows()]
    assert len(set(found)) == len(found)
    assert {plan: sum(one == plan for one, _ in found) for plan in dict.fromkeys(plan for plan, _ in found)} == PLANS


def test_every_module_is_shown_by_tests_that_exist() -> None:
    missing = [(module, name) for _, module, shown, _ in rows() for name in shown or ["nothing"] if not _exists(name)]
    assert missing == []


def _exists(name: str) -> bool:
    file, _, test = name.partition("::")
    path = TOP / file
    return path.is_file() and (not test or test in played(path))


def test_what_a_test_of_the_suite_plays_is_in_the_table_under_the_modules_name() -> None:
    told = {(name, module) for _, module, shown, _ in rows() for name in shown}
    tests = [(path, *one) for path in sorted(SUITE.glob("test_*.py")) for one in played(path).items()]
    plays = {
        (f"tests/flows/suite/{path.name}::{test}", name) for path, test, doc in tests for name in MODULE.findall(doc)
    }
    assert len(plays) > 90
    assert sorted(plays - told) == []
