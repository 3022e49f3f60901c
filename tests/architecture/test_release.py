"""The version is one wherever it stands, and whoever takes it reads what it brings and what to do."""

from __future__ import annotations

import re
import tomllib

import yaml

from tests.architecture.tree import TOP

VERSION = str(tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def _read(path: str) -> str:
    return (TOP / path).read_text(encoding="utf-8")


def test_the_package_the_image_and_the_chart_are_of_one_version() -> None:
    chart = yaml.safe_load(_read("deploy/helm/Chart.yaml"))
    values = yaml.safe_load(_read("deploy/helm/values.yaml"))
    image = re.findall(r"(?m)^ARG VERSION=(.+)$", _read("deploy/Dockerfile"))
    assert [chart["version"], chart["appVersion"], values["image"]["tag"], *image] == [VERSION] * 4


def test_the_newest_version_of_the_changelog_is_this_one_with_its_day_and_what_comes_next_stands_above_it() -> None:
    headings = re.findall(r"(?m)^## (.+)$", _read("CHANGELOG.md"))
    assert headings[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(VERSION)}\] – \d{{4}}-\d\d-\d\d", headings[1])


def test_the_version_has_notes_and_steps_of_an_upgrade() -> None:
    assert _read(f"docs/releases/{VERSION}.md").startswith(f"# Avain {VERSION}\n")
    assert f"\n## {VERSION}\n" in _read("docs/upgrading.md")


def test_the_upgrade_names_the_newest_schema() -> None:
    newest = max(path.name[:4] for path in (TOP / "iam" / "migrations" / "versions").glob("[0-9]*.py"))
    assert f"The newest schema is {newest}" in _read("docs/upgrading.md")
