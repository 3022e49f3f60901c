"""TK-01: whatever works once is used once, when sixteen try it at the same moment, each in a transaction of its own."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from benchmarks.one_shot import KINDS, race
from iam.database.engine import make_engine, make_sessions
from iam.vault import Vault

SECRETS = {"sqlite": 4, "postgresql": 40}
"""SQLite lets one writer in at a time: there the tries are fewer, not the callers."""


def test_of_sixteen_tries_at_once_one_is_good_and_none_fails(engine: Engine, tmp_path: Path) -> None:
    count, vault = SECRETS[engine.dialect.name], Vault.open(tmp_path / "vault.key")
    pool = make_engine(engine.url.render_as_string(hide_password=False), pool_size=16)
    found = {name: race(make_sessions(pool), vault, name, count) for name in KINDS}
    pool.dispose()
    assert found == dict.fromkeys(KINDS, (count, 0))
