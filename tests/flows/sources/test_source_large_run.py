"""A run that is large enough to be joined in bulk: what it refers to is there, and SQLite knows how full its tables
are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Engine, select, text

from iam.access.model.assignment import Assignment
from iam.database.base import Base
from iam.database.engine import make_engine
from iam.database.migrate import upgrade
from iam.directory.affiliation import Affiliation
from iam.directory.person import Identifier, Person, PersonProfile, VaultItem
from iam.directory.source import Record
from iam.plans.plan import PlanEffect
from iam.sources.reading.staging import MANY
from tests.kit.worlds.source import World, build, row

SIZE = MANY + 100
ROWS = [
    row(
        n,
        toimipisteet="KOIVU:50|RANTA:50" if n % 2 else "KOIVU:100",
        esihenkilo_henkilonumero=str(n // 10),
        paattymispvm="31.5.2027",
    )
    for n in range(1, SIZE + 1)
]


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def _unchecked() -> list[tuple[Column[Any], Column[Any]]]:
    """Each column that refers to another table without a foreign key, and the column it refers to."""
    tables = Base.metadata.tables
    pairs = []
    for table in tables.values():
        for column in table.columns:
            if told := column.info.get("refers_to"):
                other, _, name = told.partition(".")
                pairs.append((column, tables[other].c[name]))
    return pairs


def test_everything_that_a_large_load_writes_refers_to_something_that_is_there(world: World) -> None:
    world.give_teachers_a_role()
    world.load(ROWS)
    world.later(days=1).run([one | {"nimike": "Muu"} for one in ROWS])
    for column, target in _unchecked():
        lost = select(column).where(column.is_not(None), column.not_in(select(target)))
        assert world.all(lost) == [], f"{column} refers to nothing"
    for model in (Affiliation, Assignment, Identifier, Person, PersonProfile, PlanEffect, Record, VaultItem):
        assert len(world.all(select(model))) >= SIZE


def test_a_first_run_that_is_shown_leaves_no_facts(world: World) -> None:
    world.give_teachers_a_role()
    before = len(world.all(select(Person)))
    report = world.run(ROWS)
    assert (report.counts["held_start"], report.counts["rights_gain"]) == (SIZE + SIZE // 2, SIZE + SIZE // 2)
    assert len(world.all(select(Person))) == before
    for model in (Affiliation, Assignment, Record, VaultItem):
        assert world.all(select(model)) == []


def test_sqlite_knows_how_full_its_tables_are_after_a_large_run(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'avain.db'}"
    upgrade(url)
    world = build(make_engine(url), tmp_path)
    world.load(ROWS)
    with world.engine.connect() as connection:
        known = set(connection.scalars(text("SELECT DISTINCT tbl FROM sqlite_stat1")))
    world.engine.dispose()
    assert {"affiliation", "identifier", "person", "record"} <= known
