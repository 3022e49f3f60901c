"""``iam init``: how an empty installation begins."""

from __future__ import annotations

import json

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.access.model.assignment import AdminGrant
from iam.audit.log import AuditEvent
from iam.directory.organisation import Organisation
from iam.signin.accounts.account import Account
from tests.unit.cli.test_cli import Cli

BEGIN = (
    "init",
    "paula.paakayttaja",
    "--given-names",
    "Paula",
    "--family-name",
    "Pääkäyttäjä",
    "--organisation",
    "marjala",
    "--name",
    "Marjala",
)


def test_an_empty_installation_gets_its_consortium_its_administrator_and_a_code_for_her(
    iam: Cli, engine: Engine
) -> None:
    told = json.loads(iam(*BEGIN, "--json").stdout)
    assert (told["organisation"], told["login"], len(told["code"])) == ("marjala", "paula.paakayttaja", 11)
    with Session(engine) as session:
        root = session.scalars(select(Organisation)).one()
        account, grant = session.scalars(select(Account)).one(), session.scalars(select(AdminGrant)).one()
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.type == "config:installation:begun"))
    assert (root.key, root.kind, root.name_fi) == ("marjala", "consortium", "Marjala")
    assert (grant.person_id, grant.permission, grant.organisation_id) == (account.person_id, "admin", root.id)
    assert (event.change_id, told["code"] in str(event.envelope)) == (grant.opened_by, False)


def test_what_has_begun_does_not_begin_again(iam: Cli, engine: Engine) -> None:
    iam(*BEGIN)
    again = iam(*BEGIN[:-3], "toinen", *BEGIN[-2:])
    assert again.exit_code == 1
    assert "has begun already" in again.output
    with Session(engine) as session:
        assert session.scalars(select(Organisation.key)).all() == ["marjala"]


def test_what_is_wrong_with_it_is_said_and_nothing_begins(iam: Cli, engine: Engine) -> None:
    wrong = iam(*BEGIN[:-3], "ei käy", *BEGIN[-2:])
    assert wrong.exit_code == 2
    assert "organisations[0].key" in wrong.output
    with Session(engine) as session:
        assert session.scalars(select(Organisation.key)).all() == []
