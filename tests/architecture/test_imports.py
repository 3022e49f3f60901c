"""The import contracts of ``pyproject.toml``: they hold, and each of them would notice being broken."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.architecture.tree import CODE, TOP

LINTER = Path(sys.executable).parent / "lint-imports"

PLANTS = {
    "connectors/planted.py": ("import iam.clock", "straight-line"),
    "iam/planted.py": ("import iam.clock", "inside-iam"),
    "iam/clock.py": ("import iam.settings", "inside-iam"),
    "iam/sources/reading/planted.py": ("import iam.oidc", "inside-iam"),
    "iam/access/model/planted.py": ("import iam.lifecycle", "inside-iam"),
    "connectors/simulators/planted.py": ("import connectors.oneroster", "simulators"),
    "iam/directory/planted.py": ("import flask", "flask"),
    "iam/oidc/claims/compose.py": ("import flask", "flask"),
    "iam/signin/codes/planted.py": ("from authlib.integrations import flask_client", "authlib"),
    "iam/tokens/grant.py": ("import redis", "redis"),
    "connectors/hr/planted.py": ("import ldap3", "ldap"),
    "connectors/tables/sheet.py": ("import python_calamine", "calamine"),
    "iam/oidc/wire/planted.py": ("from jose import jwt", "witness"),
    "iam/oidc/server.py": ("from joserfc import jws", "jose"),
    "iam/oidc/wire/redirects.py": ("import iam.oidc.server", "rooms-oidc"),
    "iam/access/model/role.py": ("import iam.access.derivation", "rooms-access"),
    "iam/signin/passwords/planted.py": ("import iam.signin.flow", "rooms-signin"),
    "iam/apply/declared/planted.py": ("import iam.apply.kinds", "rooms-apply"),
    "iam/apply/kinds/tree/planted.py": ("import iam.apply.kinds.people", "rooms-kinds"),
    "iam/sources/reading/planted_too.py": ("import iam.sources.runner", "rooms-sources"),
    "admin_ui/parts/planted.py": ("import admin_ui.overview", "rooms-pages"),
}
"""File to which a line is added, that line, and the contract that it must break."""


def broken_contracts(folder: Path) -> set[str]:
    """Names of the contracts that the code in ``folder`` breaks; fails when the linter cannot say."""
    command = [str(LINTER), "--cache-dir", str(folder / "read"), "--config", str(TOP / "pyproject.toml")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    lines = re.findall(r"(?m)^(.+) (KEPT|BROKEN)$", done.stdout)
    assert lines, done.stdout + done.stderr
    assert (done.returncode == 0) == all(state == "KEPT" for _, state in lines), done.stdout
    return {name.strip() for name, state in lines if state == "BROKEN"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program's packages, one for all: who plants something takes it out again."""
    folder = tmp_path_factory.mktemp("program")
    for package in CODE:
        shutil.copytree(
            TOP / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "static", "templates")
        )
    return folder


def test_the_program_keeps_every_import_contract(copy: Path) -> None:
    assert broken_contracts(copy) == set()


@pytest.mark.parametrize(("file", "line", "contract"), [(file, *plant) for file, plant in PLANTS.items()])
def test_a_planted_import_breaks_exactly_its_contract(copy: Path, file: str, line: str, contract: str) -> None:
    with planted(copy / file, line):
        assert broken_contracts(copy) == {contract_name(contract)}


@contextmanager
def planted(path: Path, line: str) -> Iterator[None]:
    """Add a line to a file, which need not be there, and take it out again after the block."""
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    try:
        yield
    finally:
        path.unlink() if before is None else path.write_text(before, encoding="utf-8")


def contract_name(identifier: str) -> str:
    """The name under which the linter reports the contract ``identifier``."""
    contracts = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return next(str(contract["name"]) for contract in contracts if contract["id"] == identifier)
