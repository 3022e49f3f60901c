"""Generated demonstrations, made once a test session, and ways to read them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from iam.demo.generate import SEED, TODAY, Summary, generate

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Written:
    """A generated folder with its summary."""

    folder: Path
    summary: Summary
    today: date

    def hr(self) -> Rows:
        with (self.folder / "hr.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))

    def roster(self, name: str) -> Rows:
        with (self.folder / "oneroster" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def consortium(self) -> dict[str, Any]:
        content: dict[str, Any] = yaml.safe_load((self.folder / "consortium.yaml").read_text(encoding="utf-8"))
        return content

    def bytes(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }


def day(text: str) -> date:
    return datetime.strptime(text, "%d.%m.%Y").date()


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Written]:
    def written(profile: str, seed: str = SEED, today: date = TODAY) -> Written:
        folder = tmp_path_factory.mktemp(profile)
        return Written(folder, generate(profile, folder, seed, today), today)

    return written


@pytest.fixture(scope="session")
def small(write: Callable[..., Written]) -> Written:
    return write("small")


@pytest.fixture(scope="session", params=[SEED, "a seed nobody knew"])
def normal(write: Callable[..., Written], request: pytest.FixtureRequest) -> Written:
    return write("normal", request.param)
