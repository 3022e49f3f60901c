"""The tests themselves: files that can be read at a sitting, one place for what they share, and a quick run that
leaves no package out."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import TOP, files, modules

LONGEST = 500
"""Lines of a file of tests."""

MOST = 15
"""Files in one folder of the kit, its note included; what a source reads is no file of the kit's."""

NOTHING_TO_TEST = {"iam.locale", "iam.migrations"}
"""The translations, which ``test_messages`` reads whole, and what makes the database that every test begins with."""

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


UNIT = TESTS / "unit"


def left_out() -> list[Path]:
    """Return what the quick run leaves to the whole one, as the Makefile lists it."""
    listed = re.search(r"^WHOLE := ((?:.*\\\n)*.*)$", (TOP / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed is not None
    return [UNIT / name for name in listed[1].replace("\\\n", " ").split()]


def quick() -> list[Path]:
    """Return the modules of tests that the quick run takes."""
    taken = [*python(UNIT), *python(TESTS / "contract")]
    return [path for path in taken if path.name.startswith("test_") and path not in left_out()]


def packages() -> set[str]:
    """Return the packages one step below ``iam``, ``connectors`` and ``admin_ui``."""
    found = {path.relative_to(TOP).parent for path in modules() if path.name == "__init__.py"}
    return {".".join(folder.parts) for folder in found if len(folder.parts) == 2}


def imported(path: Path) -> Iterator[str]:
    """Yield the packages that a module of tests imports from."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield ".".join(node.module.split(".")[:2])
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def folder_of(package: str) -> Path:
    """Return the folder of the unit tests that mirrors a package; it need not be there."""
    return UNIT.joinpath(*package.removeprefix("iam.").split("."))


def is_taken(package: str) -> bool:
    """Tell whether the quick run tests a package: out of its own folder, or, where it has none, by importing it."""
    own = folder_of(package)
    if own.is_dir():
        return any(own in path.parents for path in quick())
    return any(package in imported(path) for path in quick())


def test_what_the_quick_run_leaves_out_is_there() -> None:
    assert [path for path in left_out() if not path.exists()] == []


def test_the_quick_run_takes_tests_of_every_package() -> None:
    assert {package for package in packages() - NOTHING_TO_TEST if not is_taken(package)} == set()
