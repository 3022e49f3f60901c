"""What a declared policy of sign-ins says of those who are signed in: how many must sign in again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.apply.cli import in_words
from iam.directory.organisation import Organisation
from iam.signin.factors import levels
from iam.tokens import grant as grants, session as login_sessions
from iam.tokens.grant import Grant
from iam.vault import Vault
from tests.kit.factories import facts
from tests.kit.people import add_person

from .conftest import Apply

DAY = timedelta(days=1)


def declared(**town: Any) -> str:
    return json.dumps(
        {
            "organisations": [
                {"key": "KUNTA", "kind": "municipality", "name": {"fi": "Kunta"}, "legal_entity": True, **town},
                {"key": "KOULU", "kind": "school", "name": {"fi": "Koulu"}, "parent": "KUNTA"},
                {"key": "MUU", "kind": "municipality", "name": {"fi": "Muu"}, "legal_entity": True},
            ]
        }
    )


def signed_in(
    session: Session,
    login: str,
    organisation: str,
    acr: str = levels.PASSWORD,
    *,
    scopes: str = "openid offline_access",
    count: int = 1,
    device: timedelta | None = None,
) -> UUID:
    """Somebody of an organisation whose one sign-in gave applications something, ``count`` times; return the sign-in's
    id."""
    person_id = add_person(session, Vault(bytes(32)), login, None)
    at = session.scalars(select(Organisation.id).where(Organisation.key == organisation)).one()
    facts.affiliation(session, person_id, at)
    amr = {levels.PASSWORD: ["pwd"], levels.TWO_FACTOR: ["pwd", "otp"]}[acr]
    row, _ = login_sessions.start(session, person_id, facts.WORKING_DAY, acr=acr, amr=amr, agent="test")
    now = clock.now()
    for _ in range(count):
        grant = Grant(
            id=uuid4(),
            person_id=person_id,
            client_id="wilma",
            capacity_id=None,
            session_id=row.id,
            scope=scopes,
            auth_time=now,
            acr=levels.PASSWORD,
            created_at=now,
            expires_at=now + DAY,
            device_until=device and now + device,
        )
        grants.store(session, grant)
    return row.id


@pytest.fixture
def people(apply: Apply, session: Session) -> None:
    apply(declared())
    signed_in(session, "yksi", "KOULU", count=2)
    signed_in(session, "kaksi", "KUNTA")
    signed_in(session, "laite", "KOULU", device=DAY)
    signed_in(session, "vanhalaite", "KOULU", device=-DAY)
    signed_in(session, "varma", "KOULU", levels.TWO_FACTOR)
    signed_in(session, "hetken", "KOULU", scopes="openid")
    signed_in(session, "muualla", "MUU")
    gone = signed_in(session, "poissa", "KOULU")
    login_sessions.end(session, "test", person_id=login_sessions.get(session, gone).person_id)  # type: ignore[union-attr]


@pytest.mark.usefixtures("people")
def test_a_town_that_begins_to_ask_for_more_is_told_how_many_must_sign_in_again(apply: Apply) -> None:
    tried = apply(declared(second_factor={"remember_days": 5}), dry_run=True)
    assert "Sign-ins that would end, for more is asked of them: 3." in in_words(tried, dry_run=True)
    done = apply(declared(second_factor={"remember_days": 5}))
    assert done.as_dict()["sign_ins_ended"] == 3
    assert "Sign-ins that end, for more is asked of them: 3." in in_words(done, dry_run=False)
    assert apply(declared(second_factor={"remember_days": 5})).as_dict()["sign_ins_ended"] is None


@pytest.mark.usefixtures("people")
def test_a_town_that_lets_no_device_be_remembered_any_more_ends_only_what_a_device_carried(apply: Apply) -> None:
    apply(declared(second_factor={"remember_days": 5}))
    assert apply(declared(second_factor={})).sign_ins == 1
    assert apply(declared()).sign_ins == 0


@pytest.mark.usefixtures("people")
def test_shorter_sign_ins_end_none_that_have_begun(apply: Apply) -> None:
    assert apply(declared(sessions={"hours": 1})).sign_ins == 0
