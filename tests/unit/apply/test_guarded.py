"""``iam apply`` in an installation that is in use: what gives much, or to whom it should not, waits for a second
person."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from iam.access.model.assignment import AdminGrant, Assignment
from iam.access.model.proposal import Proposal
from iam.access.model.role import Role
from iam.access.model.rule import Rule
from iam.audit.log import AuditEvent
from iam.directory.organisation import Organisation
from iam.directory.source import Source
from iam.signin.accounts.account import Account
from tests.kit.factories import facts

from .conftest import EVERYTHING, Run

OPERATORS = EVERYTHING.replace(
    "groups:\n",
    "  - {login: olli.operaattori, given_names: Olli, family_name: Operaattori}\n"
    "  - {login: outi.operaattori, given_names: Outi, family_name: Operaattori}\n"
    "groups:\n",
) + (
    "  - {login: olli.operaattori, organisation: konsortio, permissions: [admin]}\n"
    "  - {login: outi.operaattori, organisation: konsortio, permissions: [admin]}\n"
    "  - {login: aino.esimerkki, organisation: mansikkala, permissions: [rules.write]}\n"
)
PUPILS = """
rules:
  - rule: oppilaat
    owner: mansikkala
    bind: {a: {affiliation: {kind: student}}}
    gives: {role: "wilma:opettaja", scope: organisation of a}
"""


@pytest.fixture
def pupils(run: Run, tmp_path: Path, engine: Engine, frozen: datetime) -> Path:
    """A consortium in use, thirty pupils in its school, and a declaration that gives them all a role."""
    file = tmp_path / "consortium.yaml"
    file.write_text(OPERATORS, encoding="utf-8")
    assert run("apply", "-f", file, "--set", "DATA=/srv").exit_code == 0, "a new installation holds nothing"
    with Session(engine) as session, session.begin():
        school = session.scalars(select(Organisation.id).where(Organisation.key == "KOIVU")).one()
        for _ in range(30):
            facts.affiliation(session, facts.person(session), school, kind="student", occupation=None)
        outi = session.scalars(select(Account.person_id).where(Account.login == "outi.operaattori")).one()
        facts.accepted(session, session.scalars(select(Source)).one(), outi)
    file = tmp_path / "pupils.yaml"
    file.write_text(PUPILS, encoding="utf-8")
    return file


def rights(engine: Engine) -> int:
    with Session(engine) as session:
        query = select(func.count()).where(Assignment.closed_by.is_(None), Assignment.capacity_kind == "student")
        return session.scalar(query) or 0


def propose(run: Run, file: Path, who: str | None = "olli.operaattori") -> str:
    """Apply a file that waits; return the digest."""
    result = run("apply", "-f", file, *(["--as", who] if who else []))
    assert result.exit_code == 3, result.output
    found = re.search(r"--accept ([0-9a-f]{64})", result.output)
    assert found is not None, result.output
    return found[1]


def accept(run: Run, file: Path, digest: str, who: str = "outi.operaattori") -> Result:
    return run("apply", "-f", file, "--as", who, "--accept", digest)


def test_what_gives_many_a_right_is_not_written_and_ends_with_exit_code_3(
    run: Run,
    pupils: Path,
    engine: Engine,
) -> None:
    result = run("apply", "-f", pupils, "--as", "olli.operaattori")
    assert result.exit_code == 3
    assert "Nothing was written: it waits for a second person. 30 gain, 0 lose." in result.output
    assert "  KOIVU: 30 gain, 0 lose" in result.output
    assert "30 of 31 people gain something at once, the limit is 5." in result.output
    assert rights(engine) == 0
    told = json.loads(run("apply", "-f", pupils, "--as", "olli.operaattori", "--json").output)
    assert (told["held"]["gain"], told["applied"] if "applied" in told else told["change"]) == (30, None)
    with Session(engine) as session:
        types = list(session.scalars(select(AuditEvent.type)))
        assert "config:file:proposed" in types
        assert types.count("config:file:applied") == 1, "that of the first declaration"


def test_a_rule_that_a_file_gives_to_another_owner_is_a_difference_that_is_shown_and_judged_by_what_people_lose(
    run: Run, pupils: Path, engine: Engine
) -> None:
    assert accept(run, pupils, propose(run, pupils)).exit_code == 0
    with Session(engine) as session, session.begin():
        session.execute(update(Role).values(handed_out="parts"))
    school = "organisations:\n  - {key: RANTA, kind: school, name: {fi: Rannan koulu}, parent: mansikkala}\n"
    pupils.write_text(PUPILS.replace("mansikkala", "KOIVU"), encoding="utf-8")
    same = run("apply", "-f", pupils, "--as", "olli.operaattori")
    assert same.exit_code == 0, same.output
    assert "mansikkala" in same.output
    assert "KOIVU" in same.output
    assert (rights(engine), owned(engine)) == (30, "KOIVU")
    pupils.write_text(school + PUPILS.replace("mansikkala", "RANTA"), encoding="utf-8")
    digest = propose(run, pupils)
    assert (rights(engine), owned(engine)) == (30, "KOIVU")
    assert accept(run, pupils, digest).exit_code == 0
    assert (rights(engine), owned(engine)) == (0, "RANTA")
    with Session(engine) as session:
        told = session.scalars(select(AuditEvent).where(AuditEvent.type == "rule:owner:changed"))
        assert len([one for one in told if one.envelope["rule"] == "oppilaat"]) == 2


def owned(engine: Engine) -> str:
    """The key of whose the rule is."""
    with Session(engine) as session:
        query = select(Organisation.key).join(Rule, Rule.owner_id == Organisation.id).where(Rule.key == "oppilaat")
        return session.scalars(query).one()


def test_who_would_gain_is_written_by_name_for_the_two_who_decide(run: Run, pupils: Path, tmp_path: Path) -> None:
    file = tmp_path / "effects.csv"
    assert run("apply", "-f", pupils, "--as", "olli.operaattori", "--effects", file).exit_code == 3
    rows = file.read_text(encoding="utf-8-sig").splitlines()
    assert rows[0] == '"what";"name";"organisation";"role";"where";"from";"until"'
    assert len(rows) == 31
    assert {row.split(";")[0] for row in rows[1:]} == {'"gains"'}
    assert rows[1].split(";")[1] == '"Aino Esimerkki"'


def test_a_second_person_accepts_just_these_effects_and_they_have_it(
    run: Run,
    pupils: Path,
    engine: Engine,
) -> None:
    digest = propose(run, pupils)
    result = accept(run, pupils, digest)
    assert result.exit_code == 0, result.output
    assert rights(engine) == 30
    with Session(engine) as session:
        assert "config:file:accepted" in set(session.scalars(select(AuditEvent.type)))
        (row,) = session.scalars(select(Proposal))
        assert row.accepted_by is not None
        assert row.accepted_by != row.proposed_by
    assert accept(run, pupils, digest).exit_code == 4, "it waits no more"


def test_neither_who_proposed_it_nor_nobody_nor_who_holds_less_accepts_it(
    run: Run,
    pupils: Path,
    engine: Engine,
) -> None:
    digest = propose(run, pupils)
    for who in ("olli.operaattori", "aino.esimerkki"):
        assert accept(run, pupils, digest, who).exit_code == 1
    assert run("apply", "-f", pupils, "--accept", digest).exit_code == 1
    assert rights(engine) == 0


def test_effects_that_changed_meanwhile_are_not_applied(run: Run, pupils: Path, engine: Engine) -> None:
    digest = propose(run, pupils)
    with Session(engine) as session, session.begin():
        school = session.scalars(select(Organisation.id).where(Organisation.key == "KOIVU")).one()
        facts.affiliation(session, facts.person(session), school, kind="student")
    assert accept(run, pupils, digest).exit_code == 4
    assert rights(engine) == 0
    assert accept(run, pupils, propose(run, pupils)).exit_code == 0
    assert rights(engine) == 31


def test_another_declaration_is_not_applied_by_the_digest_of_one_that_waits(
    run: Run,
    pupils: Path,
    engine: Engine,
) -> None:
    digest = propose(run, pupils)
    pupils.write_text(PUPILS.replace("rule: oppilaat", "rule: toinen"), encoding="utf-8")
    assert accept(run, pupils, digest).exit_code == 4
    assert rights(engine) == 0


def test_a_new_administrator_waits_and_none_makes_oneself_one(run: Run, pupils: Path, engine: Engine) -> None:
    more = "administrators: [{login: %s, organisation: KOIVU, permissions: [persons.read]}]"
    pupils.write_text(more % "aino.esimerkki", encoding="utf-8")
    digest = propose(run, pupils)
    assert accept(run, pupils, digest).exit_code == 0
    pupils.write_text(more % "olli.operaattori", encoding="utf-8")
    assert run("apply", "-f", pupils, "--as", "olli.operaattori").exit_code == 1
    digest = propose(run, pupils, None)
    assert accept(run, pupils, digest, "olli.operaattori").exit_code == 1
    assert accept(run, pupils, digest).exit_code == 0
    with Session(engine) as session:
        assert session.scalar(select(func.count()).where(AdminGrant.permission == "persons.read")) == 2


def test_a_role_that_comes_to_hold_more_waits_when_many_hold_it(run: Run, pupils: Path, engine: Engine) -> None:
    accept(run, pupils, propose(run, pupils))
    wider = OPERATORS.replace(
        "content: [oppilaat:read, arviointi:write]", "content: [oppilaat:read, arviointi:write, terveys:read]"
    )
    pupils.write_text(wider, encoding="utf-8")
    result = run("apply", "-f", pupils, "--set", "DATA=/srv", "--as", "olli.operaattori")
    assert result.exit_code == 3, result.output
    assert "KOIVU: 31 gain, 0 lose" in result.output


def test_an_agreement_that_ends_earlier_waits_and_says_who_loses(run: Run, pupils: Path, engine: Engine) -> None:
    pupils.write_text(OPERATORS.replace("to: 2027-07-31", "to: 2026-09-01"), encoding="utf-8")
    result = run("apply", "-f", pupils, "--set", "DATA=/srv", "--as", "olli.operaattori")
    assert result.exit_code == 3, result.output
    assert "huolto: 0 gain, 1 lose" in result.output
    assert "It touches rights in another legal entity." in result.output


def test_a_rule_of_a_sensitive_role_waits_though_it_gives_nobody_anything_today(
    run: Run,
    pupils: Path,
    engine: Engine,
) -> None:
    with Session(engine) as session, session.begin():
        session.scalars(select(Role).where(Role.key == "psykologi")).one().sensitive = True
    pupils.write_text(PUPILS.replace("opettaja", "psykologi").replace("student", "contractor"), encoding="utf-8")
    assert accept(run, pupils, propose(run, pupils)).exit_code == 0


def test_persons_alone_and_small_changes_are_applied_at_once(run: Run, pupils: Path, engine: Engine) -> None:
    pupils.write_text(PUPILS.replace("student", "contractor"), encoding="utf-8")
    assert run("apply", "-f", pupils, "--as", "olli.operaattori").exit_code == 0
    person = "persons: [{login: uusi, given_names: Uusi, family_name: Uusi}]"
    pupils.write_text(person, encoding="utf-8")
    assert run("apply", "-f", pupils, "--as", "olli.operaattori").exit_code == 0


def test_a_rule_taken_out_of_use_by_a_file_in_a_consortium_in_use_takes_its_rights(
    run: Run,
    pupils: Path,
    engine: Engine,
) -> None:
    accept(run, pupils, propose(run, pupils))
    assert rights(engine) == 30
    pupils.write_text(f"{PUPILS}    retired: true\n", encoding="utf-8")
    assert accept(run, pupils, propose(run, pupils)).exit_code == 0
    assert rights(engine) == 0
