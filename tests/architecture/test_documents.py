"""What can be set and what can happen is documented: the pages in docs/ are held to the code."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest

from connectors import registry
from connectors.conformance.suite import checks
from iam.access.administration import PERMISSIONS
from iam.apply.kinds.applications.clients import Client
from iam.audit.event import TYPES
from iam.oidc.fields.columns import COLUMNS
from iam.oidc.fields.members import MEMBERS
from iam.settings import documented
from iam.sources.reading import matching
from tests.architecture.tree import TOP, modules

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")))
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PRINTED = re.compile(r"^`workers-json/(\S+)`:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _targets(page: Path) -> list[tuple[str, Path, str]]:
    """Return what a page links to inside the repository: as written, the file, and the heading in it."""
    links = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    parts = [(link, *unquote(link).partition("#")[::2]) for link in links]
    return [(link, (page.parent / path).resolve() if path else page, heading) for link, path, heading in parts]


def _headings(page: Path) -> set[str]:
    """Return the anchors of a page's headings."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text).strip().lower().replace(" ", "-") for text in found}


def test_every_setting_is_documented_with_its_default_and_what_it_is_for() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    missing = [
        name
        for name, default, what in documented()
        if not what or f"| `{name}` | {default and f'`{default}`'} | {what} |" not in page
    ]
    assert missing == []


def test_every_audit_event_type_is_documented() -> None:
    page = (DOCS / "events.md").read_text(encoding="utf-8")
    assert [name for name, what in TYPES.items() if f"| `{name}` | {what} |" not in page] == []


def test_every_setting_of_a_client_is_documented_in_the_words_of_its_description_and_no_other_is() -> None:
    page = (DOCS / "declaring.md").read_text(encoding="utf-8").split("\n## Clients\n")[1]
    fields, members = (_rows(part) for part in page.split("### What else a client states of itself"))
    wire = {name: f"`{field.wire}`" for name, field in COLUMNS.items() if field.by_client}
    assert fields == {name: [wire.get(name, "–"), field.description] for name, field in Client.model_fields.items()}
    assert members == {name: [field.words] for name, field in MEMBERS.items()}


def _rows(text: str) -> dict[str, list[str]]:
    """Return the rows of a table: what stands in its further columns by the name that stands in the first."""
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE)
    return {name: further.split(" | ") for name, further in rows}


def test_every_permission_is_documented() -> None:
    page = (DOCS / "permissions.md").read_text(encoding="utf-8")
    assert [name for name, what in PERMISSIONS.items() if f"| `{name}` | {what} |" not in page] == []


def test_every_link_between_pages_leads_to_a_page_and_a_heading_that_are_there() -> None:
    broken = [
        (str(page.relative_to(ROOT)), link)
        for page in PAGES
        for link, target, heading in _targets(page)
        if not target.exists() or (heading and heading not in _headings(target))
    ]
    assert broken == []


def test_the_index_names_every_page_and_the_decisions_index_every_decision() -> None:
    named = {target for _, target, _ in _targets(DOCS / "README.md")}
    decided = {target for _, target, _ in _targets(DOCS / "decisions" / "README.md")}
    pages = {page for page in DOCS.rglob("*.md") if page.parent.name != "decisions"} - {DOCS / "README.md"}
    assert pages - named == set()
    assert {*(DOCS / "decisions").glob("*.md")} - {DOCS / "decisions" / "README.md"} - decided == set()


def test_every_decision_says_what_it_is_what_speaks_against_it_what_it_cost_and_what_would_change_it() -> None:
    asked = {"decided", "what-speaks-against-it", "what-was-given-up", "what-would-make-us-change-it"}
    pages = [page for page in (DOCS / "decisions").glob("*.md") if page.name != "README.md"]
    assert [page.name for page in pages if not asked <= _headings(page)] == []


def test_the_ten_questions_of_a_newcomer_name_files_that_are_there() -> None:
    table = (DOCS / "architecture.md").read_text(encoding="utf-8").split("## Ten questions")[1]
    rows = [row for row in table.splitlines() if row.startswith("| ") and not row.startswith(("| question", "|---"))]
    named = {row: re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", row) for row in rows}
    assert len(named) == 10
    assert [row for row, paths in named.items() if not paths] == []
    assert [path for paths in named.values() for path in paths if not (ROOT / path).is_file()] == []


def test_no_public_name_calls_a_thing_by_another_word_than_the_one_it_has() -> None:
    rows = re.findall(r"(?m)^\| \*\*[^|]+\| [^|]+\| ([^|]+) \|$", (DOCS / "words.md").read_text(encoding="utf-8"))
    others = {word.strip() for row in rows for word in row.split(",")} - {"–"}
    assert len(others) > 10
    assert [name for name in _public_names() if {part.lower() for part in _PARTS.findall(name)} & others] == []


_PARTS = re.compile(r"[A-Z]?[a-z]+")


def _public_names() -> Iterator[str]:
    """Classes, functions and modules of the program; a library's own names and the demonstration's invented people
    aside."""
    for path in modules():
        yield path.stem
        if path.relative_to(TOP).parts[:2] != ("iam", "demo"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)]
            yield from (node.name for node in found if not node.name.startswith("_") and node.name != "ensure_sync")


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The connector as docs/connectors.md prints it, written out file by file where it can be imported."""
    for name, text in _PRINTED.findall((DOCS / "connectors.md").read_text(encoding="utf-8")):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("workers_json", "workers_json.connector", "test_conformance"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def _imported(name: str) -> ModuleType:
    return importlib.import_module(name)


def test_the_connector_that_the_documentation_prints_passes_the_conformance_suite(printed: Path) -> None:
    connector = _imported("workers_json").WorkersJson
    exhibit = _imported("test_conformance").Exhibit(printed)
    found = checks(connector)
    for check in found:
        check(exhibit)
    page = (DOCS / "connectors.md").read_text(encoding="utf-8")
    assert f"`{len(found)} passed`" in page


def test_the_connector_that_the_documentation_prints_reads_the_printed_file_by_the_printed_matching(
    printed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = _imported("workers_json")
    monkeypatch.setattr(registry, "connector", lambda _name: package.WorkersJson)
    assert [*matching.faults(matching.read(registry.matching("workers-json")), package.WorkersJson)] == []
    reading = package.WorkersJson(package.WorkersJsonSettings(path=printed / "workers.json")).read()
    assert [(item.key, item.fields["place"]) for item in reading] == [("7", "KOIVU"), ("8", "KOIVU")]
    assert reading.evidence.declared == reading.evidence.rows
