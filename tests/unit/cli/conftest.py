"""The command line over the test's database, and who is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from iam.vault import Vault
from tests.kit.worlds.cli import World
from tests.unit.cli.test_cli import Cli


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    """Two municipalities and their people."""
    with Session(engine) as session, session.begin():
        return World(session, Vault.open(tmp_path / "vault.key"))


@pytest.fixture
def iam(database_url: str, tmp_path: Path) -> Cli:
    """The command line, in English."""
    return Cli({"IAM_DATABASE__URL": database_url, "IAM_VAULT__KEY_FILE": str(tmp_path / "vault.key"), "LC_ALL": "C"})
