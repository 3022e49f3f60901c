"""``iam rule restore``: a rule says again what an earlier version said, or that waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import Assignment
from iam.access.model.rule import RuleVersion
from iam.change import SYSTEM
from iam.cli.commands import main
from iam.directory.organisation import Organisation
from iam.plans import rule_proposals
from iam.settings import load
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day

NOW = day("2026-09-15")
TEACHERS, PUPILS = access.teachers(kind="employee"), access.teachers(kind="student")


@pytest.fixture
def school(engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A school of two teachers, whose rule was altered so that it gives to pupils; of whom there are none."""
    monkeypatch.setenv("IAM_DATABASE__URL", database_url)
    monkeypatch.setenv("IAM_VAULT__KEY_FILE", str(tmp_path / "vault.key"))
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    load.cache_clear()
    with clock.fixed(NOW):
        with Session(engine) as session, session.begin():
            ids = facts.tree(
                session,
                ("marjala", "consortium", None, True),
                ("kunta", "municipality", "marjala", True),
                ("koulu", "school", "kunta", False),
            )
            access.role(session, access.application(session, ids["kunta"]))
            hire(session, ids["koulu"], 2)
            for pattern in (TEACHERS, PUPILS):
                rule_proposals.publish(session, "saanto", pattern, "kunta", SYSTEM)
        yield engine
    load.cache_clear()


def hire(session: Session, koulu: UUID, count: int) -> None:
    """Give a school so many teachers."""
    for _ in range(count):
        facts.affiliation(session, facts.person(session), koulu, kind="employee")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["rule", "restore", "saanto", *words])


def stands(engine: Engine) -> tuple[list[str], int]:
    """The states of the versions in order, and how many hold something."""
    with Session(engine) as session:
        holders = session.scalars(select(Assignment.person_id).where(Assignment.closed_by.is_(None))).all()
        return list(session.scalars(select(RuleVersion.state).order_by(RuleVersion.n))), len(set(holders))


def test_a_dry_run_tells_who_gains_and_restoring_gives_it(school: Engine) -> None:
    assert run("--version", "1", "--dry-run").output == "2 gain, 0 lose\n"
    assert stands(school) == (["withdrawn", "published"], 0)
    done = run("--version", "1", "--json")
    assert (done.exit_code, json.loads(done.output)["gain"]) == (0, 2)
    assert stands(school) == (["withdrawn", "withdrawn", "published"], 2)


def test_what_is_in_force_and_what_never_was_are_refused(school: Engine) -> None:
    assert "The rule says this already." in run("--version", "2").output
    assert "The rule has no such version." in run("--version", "7").output
    assert stands(school) == (["withdrawn", "published"], 0)


def test_what_gives_many_something_waits_and_ends_with_exit_code_3(school: Engine) -> None:
    with Session(school) as session, session.begin():
        keys = {one.key: one.id for one in session.scalars(select(Organisation))}
        hire(session, keys["koulu"], 30)
        facts.accepted(session, facts.source(session, keys["kunta"]), facts.person(session))
    waits = run("--version", "1")
    assert (waits.exit_code, "waits for a second person" in waits.output) == (3, True)
    assert stands(school)[0] == ["withdrawn", "published", "draft"]
