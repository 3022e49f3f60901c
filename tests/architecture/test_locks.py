"""The lock files: what is installed is exactly what was checked, from wherever it is fetched."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.architecture.tree import TOP

LOCKS = ("requirements.lock", "requirements-dev.lock")
HASH = re.compile(r"^ {4}--hash=sha256:[0-9a-f]{64}( \\)?$")
REQUIREMENT = re.compile(r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(\S+?)(?: ; [^\\]+)? \\$")


def locked(name: str) -> dict[str, str]:
    """Package to version, as the lock file ``name`` holds them."""
    lines = (TOP / name).read_text().splitlines()
    return {match[1]: match[2] for line in lines if (match := REQUIREMENT.match(line))}


def asked(*extras: str) -> set[str]:
    """Names of the packages that the project asks for by itself and with ``extras``."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    return {re.split(r"[\[<>=~! ]", line, maxsplit=1)[0].lower() for line in wanted}


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_is_a_version_or_a_hash_and_names_no_address(name: str) -> None:
    lines = (TOP / name).read_text().splitlines()
    assert lines
    assert [line for line in lines if not REQUIREMENT.match(line) and not HASH.match(line)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_version_has_a_hash(name: str) -> None:
    blocks = re.split(r"(?m)^(?=\S)", (TOP / name).read_text())
    assert [block for block in blocks if block and "--hash=sha256:" not in block] == []


def test_the_runtime_lock_holds_everything_the_program_and_its_build_ask_for() -> None:
    assert asked("build") - locked("requirements.lock").keys() == set()


def test_the_development_lock_is_the_runtime_lock_and_the_tools() -> None:
    runtime, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert runtime.items() - development.items() == set()
    assert asked("dev") - development.keys() == set()
