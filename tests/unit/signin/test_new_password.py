"""AU-01, AU-02: eight characters are enough only where a second factor is always asked and there is one; local words
are refused."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.directory.organisation import Organisation
from iam.settings import Settings, Signin
from iam.signin import new_password
from iam.signin.factors import levels, policy, totp
from iam.signin.passwords import credentials
from iam.vault import Vault
from tests.kit.factories.access import admin_grant
from tests.kit.people import add_person, employ
from tests.kit.proofs import code_of

VAULT = Vault(b"k" * 32)
SHORT = "kx7 ö¤q€"


@pytest.fixture
def aino(session: Session) -> UUID:
    """Aino works for a municipality."""
    person_id = add_person(session, VAULT, "aino", None)
    employ(session, person_id, until_days=100)
    return person_id


def with_factor(session: Session, person_id: UUID) -> None:
    shown = totp.begin(session, VAULT, person_id, "aino", "Marjala")
    assert totp.confirm(session, VAULT, person_id, code_of(shown.secret))


def policy_of(session: Session, remember_days: int = 0) -> None:
    policy.ask(session, {session.scalars(select(Organisation.id)).one(): remember_days})


def administer(session: Session, person_id: UUID) -> None:
    admin_grant(session, person_id, "admin", session.scalars(select(Organisation.id)).one())


def least(session: Session, person_id: UUID, **signin: object) -> int:
    return new_password.least(session, person_id, Settings(signin=Signin(**signin)))


def test_a_password_that_may_be_all_there_is_needs_fifteen_characters(session: Session, aino: UUID) -> None:
    assert least(session, aino) == 15
    with_factor(session, aino)
    assert least(session, aino) == 15, "a factor that nobody asks for"


def test_eight_do_where_the_organisation_always_asks_and_the_person_has_a_factor(session: Session, aino: UUID) -> None:
    policy_of(session)
    assert least(session, aino) == 15, "asked for, but not there yet"
    with_factor(session, aino)
    assert least(session, aino) == 8
    assert least(session, aino, remember_days=30) == 8, "the organisation lets no device be remembered"
    policy_of(session, remember_days=30)
    assert least(session, aino) == 8, "the settings let no device be remembered"
    assert least(session, aino, remember_days=30) == 15, "not asked every time"


def test_an_administrators_password_needs_fifteen_for_elsewhere_it_is_enough(session: Session, aino: UUID) -> None:
    with_factor(session, aino)
    administer(session, aino)
    assert least(session, aino, administrators=levels.PASSKEY) == 15


def test_the_least_length_is_told_and_anything_from_it_to_64_and_more_is_taken(session: Session, aino: UUID) -> None:
    known = credentials.of_person(session, aino)
    assert known is not None
    (problem,) = new_password.problems(session, known, SHORT, Settings())
    assert "15" in str(problem)
    policy_of(session)
    with_factor(session, aino)
    assert new_password.problems(session, known, SHORT, Settings()) == []
    (problem,) = new_password.problems(session, known, SHORT[:7], Settings())
    assert "8" in str(problem)
    assert new_password.problems(session, known, "🦊 kettu ö " * 20, Settings()) == []


def test_au_02_the_names_of_the_person_the_employer_the_consortium_and_the_product_are_refused(
    session: Session, aino: UUID, tmp_path: Path
) -> None:
    known = credentials.of_person(session, aino)
    assert known is not None
    town = session.scalars(select(Organisation)).one()
    town.name_fi, town.name_sv = "Espoon kaupunki", "Esbo stad"
    session.flush()
    given = Settings(consortium="Marjala")
    for text in (
        "EspoonKaupunki2026!",
        "esbo-2026-hyvä-talvi",
        "marjala ja muut marjat",
        "avainnippu hukkui taas",
        "Virtanen ui vuolaasti",
    ):
        (problem,) = new_password.problems(session, known, text, given)
        assert "organisation" in str(problem), text
    assert new_password.problems(session, known, "talvella järvi jäätyy yöllä", given) == []
