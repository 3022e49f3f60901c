"""The vault's key and what it sealed: a start without the key loses nothing, and a value opens in its own row only."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from iam import clock, sealed
from iam.change import SYSTEM
from iam.directory import identity_code
from iam.directory.person import PersonKey, VaultItem
from iam.signin.accounts.factor import Totp
from iam.signin.factors import totp
from iam.signin.federation.connection import Connection, sealed_row as connection_row
from iam.tokens import keys
from iam.vault import Vault, VaultError, is_bound, seal
from tests.kit.people import add_person

CODE = "010190-9023"
VAULT = Vault(b"k" * 32)


def start(engine: Engine, path: Path) -> Vault:
    """What ``iam serve`` does with the key file."""
    vault = sealed.vault(path, engine)
    with Session(engine) as session, session.begin():
        sealed.remember(session, vault)
        keys.ensure(session, vault, SYSTEM)
    return vault


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.key"


def test_a_start_whose_key_is_missing_is_refused_and_makes_none_in_its_place(engine: Engine, path: Path) -> None:
    start(engine, path)
    kept = path.read_bytes()
    path.unlink()
    with pytest.raises(VaultError, match="put it back"):
        start(engine, path)
    assert not path.exists()
    path.write_bytes(kept)
    start(engine, path)


def test_a_start_with_the_key_of_another_installation_is_refused(engine: Engine, path: Path) -> None:
    start(engine, path)
    path.unlink()
    Vault.open(path)
    with pytest.raises(VaultError, match="not the key that this database was sealed with"):
        start(engine, path)


def test_a_database_from_before_check_values_is_known_by_what_it_holds(engine: Engine, path: Path) -> None:
    with Session(engine) as session, session.begin():
        keys.ensure(session, Vault.open(path), SYSTEM)
    kept = path.read_bytes()
    path.unlink()
    with pytest.raises(VaultError, match="put it back"):
        start(engine, path)
    Vault.open(path)
    with pytest.raises(VaultError, match="does not open"):
        start(engine, path)
    path.write_bytes(kept)
    assert start(engine, path).check() == Vault.open(path).check()


def add_code(session: Session, person_id: UUID) -> None:
    """A personal identity code, sealed as a run stages it."""
    own, wrapped = VAULT.new_key()
    session.add_all(
        [
            PersonKey(person_id=person_id, wrapped_key=wrapped),
            VaultItem(person_id=person_id, kind="identity-code", ciphertext=seal(own, "identity-code", CODE)),
        ]
    )
    session.flush()


def shown(session: Session, person_id: UUID) -> str:
    session.expire_all()
    return identity_code.show(session, VAULT, person_id, "a test", SYSTEM)


def test_what_was_sealed_before_opens_as_before_and_the_worker_binds_it(session: Session) -> None:
    aino = add_person(session, VAULT, "aino")
    add_code(session, aino)
    session.add(
        Totp(
            person_id=aino,
            secret=VAULT.wrap(b"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
            last_step=0,
            created_at=clock.now(),
            confirmed_at=None,
        )
    )
    session.flush()
    assert shown(session, aino) == CODE
    assert [sealed.Anew(VAULT)(session) for _ in range(2)] == [3, 0]
    assert shown(session, aino) == CODE
    assert totp.begun(session, VAULT, aino, "aino", "Avain") is not None
    for column in (PersonKey.wrapped_key, VaultItem.ciphertext, Totp.secret):
        assert all(is_bound(value or b"") for value in session.scalars(select(column)))


def test_a_code_that_somebody_moves_to_another_persons_row_does_not_open_there(session: Session) -> None:
    aino, eino = (add_person(session, VAULT, login) for login in ("aino", "eino"))
    add_code(session, aino)
    sealed.Anew(VAULT)(session)
    session.execute(update(PersonKey).values(person_id=eino))
    session.execute(update(VaultItem).values(person_id=eino))
    with pytest.raises(VaultError):
        shown(session, eino)


def test_a_time_code_secret_and_a_signing_key_open_in_their_own_rows_only(session: Session) -> None:
    aino, eino = (add_person(session, VAULT, login) for login in ("aino", "eino"))
    totp.begin(session, VAULT, aino, "aino", "Avain")
    session.execute(update(Totp).values(person_id=eino))
    session.expire_all()
    with pytest.raises(VaultError):
        totp.begun(session, VAULT, eino, "eino", "Avain")
    first, second = (keys.create(session, VAULT, "ES256", SYSTEM) for _ in range(2))
    with pytest.raises(VaultError):
        VAULT.unwrap(first.wrapped, keys.sealed_row(second.kid))


def test_one_value_that_does_not_open_keeps_no_other_from_being_bound(session: Session) -> None:
    for key, vault in (("broken", Vault(b"x" * 32)), ("whole", VAULT)):
        session.add(
            Connection(
                key=key,
                name={},
                issuer="https://idp.example",
                client_id="avain",
                secret=vault.wrap(b"theirs"),
                domains=[],
                applications={},
                identifier={},
            )
        )
    session.flush()
    assert sealed.Anew(VAULT)(session) == 1
    bound = session.scalars(select(Connection.secret).where(Connection.key == "whole")).one()
    assert VAULT.unwrap(bound or b"", connection_row("whole")) == b"theirs"
