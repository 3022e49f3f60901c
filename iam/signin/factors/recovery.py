"""Recovery codes: ten on paper that stand in for a lost factor, each once; making new ones voids the old (security
AU-07)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ScalarSelect, delete, func, insert, select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.database import bulk
from iam.signin.accounts.factor import RecoveryCode
from iam.signin.factors import short_code
from iam.vault import Vault

CODES = 10


def renew(session: Session, vault: Vault, person_id: UUID) -> list[str]:
    """Make ten codes, void all earlier ones, and return them in groups ("7KMPQ-R3XYZ"): they are told this once."""
    _void(session, person_id)
    codes = [short_code.new() for _ in range(CODES)]
    rows = [{"hash": _hash(vault, person_id, code), "person_id": person_id, "used_at": None} for code in codes]
    session.execute(insert(RecoveryCode), rows)
    return codes


def use(session: Session, vault: Vault, person_id: UUID, code: str) -> bool:
    """Use a code up, by one statement; False when it is wrong, void or was used before."""
    row = RecoveryCode
    wanted = (row.hash == _hash(vault, person_id, code), row.person_id == person_id, row.used_at.is_(None))
    used = session.execute(
        update(row).where(*wanted).values(used_at=clock.now()).returning(row.person_id),
        execution_options={"synchronize_session": False},
    )
    return used.first() is not None


def left(session: Session, person_id: UUID) -> int:
    """Return how many codes have not been used."""
    return session.scalar(select(unused(person_id))) or 0


def unused(person_id: UUID) -> ScalarSelect[int]:
    """The number of a person's codes that have not been used, to be read inside a query."""
    query = select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return query.scalar_subquery()


def forget(session: Session, person_id: UUID) -> None:
    """Void every code of a person."""
    _void(session, person_id)
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))


def _void(session: Session, person_id: UUID) -> None:
    """Delete every code of a person; of parallel callers each deletes what those before it made.

    One statement puts them in order: all write the one row of the person's set of codes, which is no code (its key is
    not a hash), and who comes later waits there, and only then looks which codes there are.
    """
    bulk.upsert(session, RecoveryCode, {"hash": person_id.bytes}, {"person_id": person_id, "used_at": clock.now()})
    session.execute(
        delete(RecoveryCode).where(RecoveryCode.person_id == person_id, RecoveryCode.hash != person_id.bytes)
    )


def _hash(vault: Vault, person_id: UUID, code: str) -> bytes:
    return vault.mac("recovery-code", str(person_id), short_code.plain(code))
