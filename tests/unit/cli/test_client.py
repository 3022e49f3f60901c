"""``iam client token``: an initial access token, told once, for an application in the part of who asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.access.model.role import Application
from iam.directory.organisation import Organisation
from iam.oidc.model import InitialAccessToken
from iam.tokens.secret import hash_of
from tests.unit.cli.test_cli import Cli, aino, events, iam, root

__all__ = ["aino", "iam", "root"]


@pytest.fixture
def wilma(engine: Engine, root: Organisation) -> Application:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        made = Application(key="wilma", owner_id=root.id, name={"fi": "Wilma"}, audience="wilma")
        session.add(made)
    return made


def test_a_token_is_told_once_and_stored_as_its_hash(iam: Cli, wilma: Application, engine: Engine) -> None:
    said = iam("client", "token", "--application", "wilma", "--uses", "3", "--days", "2", "--pkce-optional", "--json")
    assert said.exit_code == 0, said.output
    told = json.loads(said.output)
    with Session(engine) as session:
        row = session.scalars(select(InitialAccessToken)).one()
    assert (row.hash, row.application_id, row.uses, row.pkce_optional) == (
        hash_of(told["initial_access_token"]),
        wilma.id,
        3,
        True,
    )
    assert (row.expires_at - row.created_at).days == 2
    assert told["registration_endpoint"] == "http://localhost:8080/oauth2/register"
    (event,) = events(engine, "oidc:client:invited")
    assert told["initial_access_token"] not in json.dumps(event.envelope)


def test_without_options_it_is_good_for_one_client_with_pkce(iam: Cli, wilma: Application, engine: Engine) -> None:
    assert iam("client", "token", "--application", "wilma").output.startswith("avi_")
    with Session(engine) as session:
        row = session.scalars(select(InitialAccessToken)).one()
    assert (row.uses, row.pkce_optional) == (1, False)


def test_an_unknown_application_or_count_is_refused(iam: Cli, wilma: Application, engine: Engine) -> None:
    for arguments in (["other"], ["wilma", "--uses", "0"], ["wilma", "--days", "366"]):
        assert iam("client", "token", "--application", *arguments).exit_code == 2
    with Session(engine) as session:
        assert session.scalars(select(InitialAccessToken)).all() == []


def test_somebody_without_the_permission_gets_none(iam: Cli, wilma: Application, aino: object, tmp_path: Path) -> None:
    assert iam("client", "token", "--application", "wilma", "--as", "aino").exit_code == 1
