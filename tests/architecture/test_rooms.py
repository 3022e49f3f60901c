"""The rooms inside the storeys: few files in each, no circle between them, and a class name means one thing in a
storey."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import grimp
import pytest

from tests.architecture.tree import CODE, TOP, files

MOST = 15
"""Files in one folder of the product, its package note included."""


def product() -> list[Path]:
    return [path.relative_to(TOP) for path in files() if path.relative_to(TOP).parts[0] in CODE]


def test_no_folder_of_the_product_holds_more_files_than_a_newcomer_takes_in() -> None:
    held = Counter(path.parent for path in product() if path.parent.name != "versions")
    assert {str(folder): n for folder, n in held.items() if n > MOST} == {}


def storeys() -> list[str]:
    """Every package that has packages inside."""
    parted = {path.parent.parent for path in product() if path.name == "__init__.py" and len(path.parts) > 2}
    return sorted(".".join(folder.parts) for folder in parted - {Path("iam")})


@pytest.mark.parametrize("storey", storeys())
def test_no_room_needs_one_that_needs_it(storey: str) -> None:
    needs: dict[str, set[str]] = defaultdict(set)
    for module, other in imports():
        one, two = _room(module, storey), _room(other, storey)
        if one and two and one != two:
            needs[one].add(two)
    assert _circle(needs) == set()


@cache
def imports() -> list[tuple[str, str]]:
    """Every module of the product, with each that it imports."""
    graph = grimp.build_graph("admin_ui", "iam", "connectors", cache_dir=None)
    return [(one, other) for one in graph.modules for other in graph.find_modules_directly_imported_by(one)]


def _room(module: str, storey: str) -> str | None:
    return module.split(".")[storey.count(".") + 1] if module.startswith(f"{storey}.") else None


def _circle(needs: dict[str, set[str]]) -> set[str]:
    """Return the rooms that are left when those that need nothing more are taken away, again and again."""
    left = set(needs)
    while free := {room for room in left if not needs[room] & left}:
        left -= free
    return left


def test_rooms_that_need_each_other_are_found() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == {"a", "b", "c", "d"}
    assert _circle({"a": {"b"}, "b": {"c"}}) == set()


def test_a_class_name_means_one_thing_within_a_storey() -> None:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in product():
        if path.suffix == ".py":
            for node in ast.parse((TOP / path).read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    found[_storey(path), node.name].append(str(path))
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def _storey(path: Path) -> str:
    return ".".join(path.parts[: 2 if path.parts[0] == "iam" and len(path.parts) > 2 else 1])
