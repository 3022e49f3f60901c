"""A kind of declaration is one file: its module describes it whole, one list names it, and no step knows it by name."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from iam.apply.kind import Kind
from iam.apply.registry import KINDS
from tests.architecture.tree import TOP

APPLY = TOP / "iam" / "apply"
STEPS = (
    "cli.py",
    "compare.py",
    "drafting.py",
    "execute.py",
    "export.py",
    "guarded.py",
    "kind.py",
    "run.py",
    "standing.py",
    "comparison/difference.py",
    "comparison/state.py",
    "comparison/writing.py",
    "declared/declaration.py",
    "declared/differing.py",
    "declared/place.py",
    "declared/read.py",
    "declared/shapes.py",
    "declared/written.py",
    "schema/item.py",
    "schema/moments.py",
)
"""The files that every kind goes through; the section that a new kind has is in none of them."""
MODULE = re.compile(r"(?m)^KIND = Kind\(")


def described() -> list[Path]:
    """The modules that describe a kind."""
    return [path for path in sorted(APPLY.rglob("*.py")) if MODULE.search(path.read_text(encoding="utf-8"))]


def strings(path: Path) -> set[str]:
    """The texts in a module's code that are neither docstrings nor keys of what is told in a report."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    told = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    told |= {id(key) for node in nodes if isinstance(node, ast.Dict) for key in node.keys}
    found = (node for node in nodes if isinstance(node, ast.Constant) and id(node) not in told)
    return {node.value for node in found if isinstance(node.value, str)}


def test_each_kind_is_described_by_a_module_of_its_own_and_named_once() -> None:
    assert all("kinds" in path.parts for path in described())
    assert len(described()) == len(KINDS)
    assert {name: n for name, n in Counter(kind.name for kind in KINDS).items() if n > 1} == {}


def test_each_section_of_a_file_is_described_once() -> None:
    sections = Counter(kind.section for kind in KINDS if kind.model is not None)
    assert {name: n for name, n in sections.items() if n > 1} == {}
    assert {kind.section for kind in KINDS} == set(sections)
    assert {kind.section for kind in KINDS if kind.export is not None} == set(sections)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_how_an_item_is_written_stands_beside_what_is_done_with_it(kind: Kind) -> None:
    if kind.model is not None:
        (module,) = (path for path in described() if f'section="{kind.section}",\n    model=' in path.read_text())
        assert f"class {kind.model.__name__}(" in module.read_text(encoding="utf-8")


@pytest.mark.parametrize("step", STEPS)
def test_no_step_knows_a_kind_by_name(step: str) -> None:
    names = {word for kind in KINDS for word in (kind.name, kind.section)}
    assert strings(APPLY / step) & names == set()
    assert "iam.apply.kinds" not in (APPLY / step).read_text(encoding="utf-8")


def test_a_name_in_a_step_would_be_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text('"""group"""\n\n\ndef f(draft):\n    """role"""\n    return {"person": draft.stated("rule")}\n')
    assert strings(planted) == {"rule"}
