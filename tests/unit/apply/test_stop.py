"""``iam … stop``: whole definitions out of use at once, with a reason that a second person reads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.access.model.assignment import Assignment
from iam.access.model.proposal import TakenOut
from iam.access.right import rights
from iam.directory.organisation import Organisation
from iam.oidc.model import Client
from iam.signin.accounts.account import Account
from iam.signin.federation.connection import Connection

from .conftest import EVERYTHING, Run

CONNECTION = """
connections:
  - {key: entra, owner: mansikkala, issuer: "https://login.example/tenant/v2.0", client_id: avain, name: {fi: Entra}, secret: salaisuus-salaisuus}
"""


@pytest.fixture
def town(run: Run, tmp_path: Path, engine: Engine) -> Engine:
    """The small consortium with a sign-in connection of its own."""
    file = tmp_path / "consortium.yaml"
    file.write_text(EVERYTHING + CONNECTION, encoding="utf-8")
    result = run("apply", "-f", file, "--set", "DATA=/srv")
    assert result.exit_code == 0, result.output
    with Session(engine) as session, session.begin():
        root = session.scalars(select(Organisation.id).where(Organisation.key == "konsortio")).one()
        session.scalars(select(Connection)).one().owner_id = root
    return engine


def taken(engine: Engine) -> list[tuple[str, str, str]]:
    with Session(engine) as session:
        return [(row.kind, row.key, row.reason) for row in session.scalars(select(TakenOut))]


def roles(engine: Engine, login: str) -> set[str]:
    with Session(engine) as session:
        person_id = session.scalars(select(Account.person_id).where(Account.login == login)).one()
        return {right.role_key for right in rights(session, person_id, None, datetime(2026, 9, 15, 9, tzinfo=UTC))}


def test_a_rule_that_is_stopped_gives_nothing_at_once(run: Run, town: Engine) -> None:
    assert roles(town, "aino.esimerkki") == {"opettaja"}
    assert run("rule", "stop", "opettaja-wilmaan").exit_code == 2, "a reason is needed"
    assert run("rule", "stop", "opettaja-wilmaan", "--reason", " ").exit_code == 2
    assert roles(town, "aino.esimerkki") == {"opettaja"}
    assert run("rule", "stop", "opettaja-wilmaan", "--reason", "antaa väärille").exit_code == 0
    assert roles(town, "aino.esimerkki") == set()
    assert taken(town) == [("rule", "opettaja-wilmaan", "antaa väärille")]


def test_a_role_that_is_stopped_is_nobodys_at_once(run: Run, town: Engine) -> None:
    assert run("role", "stop", "wilma:opettaja", "--reason", "liian laaja").exit_code == 0
    assert roles(town, "aino.esimerkki") == set()
    with Session(town) as session:
        assert len(session.scalars(select(Assignment).where(Assignment.closed_by.is_(None))).all()) == 1
    assert taken(town) == [("role", "wilma:opettaja", "liian laaja")]
    assert run("role", "stop", "wilma:opettaja", "--reason", "taas").exit_code == 1


def test_a_client_and_a_connection_are_stopped_at_once(run: Run, town: Engine) -> None:
    assert run("client", "stop", "wilma", "--reason", "salaisuus vuoti").exit_code == 0
    assert run("connection", "stop", "entra", "--reason", "vuokraaja murrettu").exit_code == 0
    with Session(town) as session:
        assert session.scalars(select(Client)).one().retired
        assert session.scalars(select(Connection)).one().retired
    assert [one[:2] for one in taken(town)] == [("client", "wilma"), ("connection", "entra")]


def test_nothing_is_stopped_by_who_may_not_or_that_is_not_there(run: Run, town: Engine) -> None:
    for kind, key in (
        ("rule", "opettaja-wilmaan"),
        ("role", "wilma:opettaja"),
        ("client", "wilma"),
        ("connection", "entra"),
    ):
        assert run(kind, "stop", key, "--reason", "x", "--as", "aino.esimerkki").exit_code == 1
        assert run(kind, "stop", "ei-ole", "--reason", "x").exit_code == 2
    assert taken(town) == []
    assert roles(town, "aino.esimerkki") == {"opettaja"}
