"""``docs/security-requirements.md`` is true: every row and class is on it once, and the test it names exists and
carries its id."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache

from tests.architecture.tree import TOP

PAGE = TOP / "docs" / "security-requirements.md"
NUMBERS = {
    "AZ": 13,
    "PAR": 4,
    "DPOP": 4,
    "MTLS": 1,
    "TK": 12,
    "JW": 9,
    "OI": 7,
    "AU": 12,
    "SE": 6,
    "AC": 7,
    "SC": 6,
    "HT": 6,
    "C": 40,
}
"""How many rows each part of the requirements has, and how many classes of flaws there are."""

ROWS = {f"{part}-{n:02}" for part, last in NUMBERS.items() for n in range(1, last + 1)}
UNTESTED = ("later", "does not apply")


@cache
def rows() -> tuple[tuple[str, str, str], ...]:
    """Id, what holds, and the test or the reason, of each line of the page's tables."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = (
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if re.match(r"\| [A-Z]+-\d", line)
    )
    return tuple((one[0], one[1], one[2]) for one in cells)


def named() -> list[tuple[str, str, str]]:
    """Id, path and name of each test on the page."""
    return [(id_, *test.split("::", 1)) for id_, _, cell in rows() for test in re.findall(r"`([^`]+::[^`]+)`", cell)]


def carries(text: str, id_: str) -> bool:
    """Whether a file speaks of a row: by its id, in a name in small letters, or within a range (AU-01 to AU-03)."""
    part, number = id_.rsplit("-", 1)
    if re.search(rf"\b{id_}\b|(?<![a-z]){part.lower()}_{number}(?!\d)", text):
        return True
    return any(
        int(first) < int(number) < int(last) for first, last in re.findall(rf"\b{part}-(\d\d) to {part}-(\d\d)\b", text)
    )


def test_every_row_and_class_is_on_the_page_once() -> None:
    found = Counter(id_ for id_, _, _ in rows())
    assert sorted(ROWS - set(found)) == [], "missing"
    assert sorted(set(found) - ROWS) == [], "unknown"
    assert [id_ for id_, n in found.items() if n > 1] == [], "twice"


def test_every_row_says_what_holds_and_names_a_test_or_a_reason() -> None:
    bare = [id_ for id_, what, cell in rows() if not what or not ("::" in cell or cell.startswith(UNTESTED))]
    assert bare == []
    unexplained = [id_ for id_, _, cell in rows() if cell.startswith(UNTESTED) and ":" not in cell]
    assert unexplained == []


def test_every_test_on_the_page_exists_and_its_file_carries_the_id() -> None:
    wrong = []
    for id_, path, name in named():
        file = TOP / path
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        functions = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
        if not name.startswith("test_") or name not in functions or not carries(text, id_):
            wrong.append(f"{id_}: {path}::{name}")
    assert wrong == []
    assert len(named()) > 60
