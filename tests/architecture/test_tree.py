"""What no file of the repository may be called, hold or grow to."""

from __future__ import annotations

import ast
import datetime
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import CODE, TOP, files, modules, texts

# Each name is broken by a bracket, so that this file does not name what it looks for.
REGISTRIES = re.compile(
    r"pythonhoste[d]|p[y]pi[.]org|registry[.]npmj[s]|d[e]b[.]debian[.]org|docker[.]i[o]/|gh[c]r[.]io"
)
MACHINE_PATHS = re.compile(r"/wor[k]/|/far[m]/|/roo[t]/|/hom[e]/[a-z]")
IDENTITY_CODE = re.compile(r"(?<![0-9A-Za-z])(\d{2})(\d{2})(\d{2})([-+A-FU-Y])(\d{3})([0-9A-FHJ-NPR-Y])(?![0-9A-Za-z])")
CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
CENTURIES = {"+": 1800} | dict.fromkeys("-UVWXY", 1900) | dict.fromkeys("ABCDEF", 2000)
VAGUE = {"utils", "util", "helpers", "helper", "common", "services", "service", "managers", "manager", "misc"}


def real_identity_codes(text: str) -> list[str]:
    """Identity codes in ``text`` that could be a living person's: a true date, a true check character, below 900."""
    return [match[0] for match in IDENTITY_CODE.finditer(text) if _could_be_given(match)]


def _could_be_given(match: re.Match[str]) -> bool:
    day, month, year, century, number, check = match.groups()
    try:
        datetime.date(CENTURIES[century] + int(year), int(month), int(day))
    except ValueError:
        return False
    return 2 <= int(number) < 900 and CHECK_CHARACTERS[int(day + month + year + number) % 31] == check


def test_no_file_names_a_package_registry() -> None:
    assert [path for path, text in texts() if REGISTRIES.search(text)] == []


def test_no_file_names_a_path_of_a_developers_machine() -> None:
    assert [path for path, text in texts() if MACHINE_PATHS.search(text)] == []


def test_no_file_holds_an_identity_code_that_could_be_a_real_persons() -> None:
    assert {path: found for path, text in texts() if (found := real_identity_codes(text))} == {}


def test_the_search_for_identity_codes_tells_real_ones_from_test_codes_and_other_numbers() -> None:
    number = next(n for n in range(2, 900) if n % 2)
    made = f"010190-{number:03}{CHECK_CHARACTERS[int(f'010190{number:03}') % 31]}"
    assert real_identity_codes(f"code {made}.") == [made]
    assert real_identity_codes("140381-902E and 311290-1234 and 990101-0017") == []


def test_no_folder_or_module_has_a_name_that_says_nothing() -> None:
    vague = [path for path in modules() if {path.stem, path.parent.name} & VAGUE]
    assert vague == []


def test_the_top_level_holds_no_code_but_the_three_packages_and_what_stands_beside_them() -> None:
    holding_code = {path.relative_to(TOP).parts[0] for path in files() if path.suffix == ".py"}
    assert holding_code <= {*CODE, "tests", "deploy", "benchmarks", "docs"}


def test_no_file_is_over_400_lines_and_no_function_over_50() -> None:
    written = [path for path in modules() if path.parent.name != "versions"]  # migrations are generated
    assert [item for path in written for item in _too_long(path)] == []


def _too_long(path: Path) -> Iterator[str]:
    source = path.read_text(encoding="utf-8")
    name = path.relative_to(TOP)
    if source.count("\n") > 400:
        yield f"{name}: {source.count(chr(10))} lines"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > 50:
                yield f"{name}: {node.name} has {lines} lines"


def test_no_line_of_the_program_is_kept_from_the_formatter_or_wider_than_the_house() -> None:
    lines = [(path, line) for path in modules() for line in path.read_text(encoding="utf-8").splitlines()]
    assert [
        (str(path), line) for path, line in lines if len(line) > 120 or "fmt: skip" in line or "fmt: off" in line
    ] == []
