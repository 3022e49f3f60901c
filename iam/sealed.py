"""Everything that the vault has sealed: whether the key file is the one it was sealed with, and binding what is not
bound yet.

A start without the key would make a new one, and then nothing in the database opens ever again. So the database keeps a
check value of its key; a key is made only where nothing is sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Engine, bindparam, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from iam import vault as sealing
from iam.database.base import Base
from iam.directory import identity_code
from iam.directory.person import PersonKey, VaultItem
from iam.signin.accounts.factor import Totp
from iam.signin.factors import totp
from iam.signin.federation import connection
from iam.signin.federation.connection import Connection
from iam.tokens import keys
from iam.tokens.keys import SigningKey
from iam.vault import MARK, Vault, VaultError

_log = structlog.get_logger("avain.sealed")
SOME = 10_000
"""Values that are bound anew in one go."""


class VaultCheck(Base):
    """What tells the vault whose key sealed this database; one row."""

    __tablename__ = "vault_check"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[bytes]


@dataclass(frozen=True, slots=True)
class _Wrapped:
    """A column of values that the vault itself sealed, and what a value is bound to, by ``key``."""

    column: Any
    key: InstrumentedAttribute[Any]
    row: Callable[[Any], str]


_WRAPPED = (
    _Wrapped(SigningKey.wrapped, SigningKey.kid, keys.sealed_row),
    _Wrapped(PersonKey.wrapped_key, PersonKey.person_id, identity_code.key_row),
    _Wrapped(Totp.secret, Totp.person_id, totp.sealed_row),
    _Wrapped(Connection.secret, Connection.key, connection.sealed_row),
)


class _Bound(NamedTuple):
    """A value that is bound now, in place of one that was not."""

    of_key: Any
    old: bytes
    new: bytes


def vault(path: Path, engine: Engine) -> Vault:
    """Return the vault of the key file at ``path``; a missing one is made where the database holds nothing sealed.

    Raises ``VaultError`` when it is missing although the database holds something, or is not this database's.
    """
    with Session(engine) as session:
        session.connection(execution_options={"read_only": True})
        known = session.get(VaultCheck, 1)
        if not path.exists() and (known is not None or next(_some(session), None) is not None):
            raise VaultError(
                f"{path.name} is missing, and the database holds what it sealed; put it back from the backup"
            )
        found = Vault.open(path)
        _compare(session, found, known)
    return found


def remember(session: Session, vault: Vault) -> None:
    """Keep the check value of the vault, in a database that keeps none yet; raises ``VaultError`` when it keeps
    another's."""
    known = session.get(VaultCheck, 1)
    _compare(session, vault, known)
    if known is None:
        session.add(VaultCheck(id=1, value=vault.check()))


def _compare(session: Session, vault: Vault, known: VaultCheck | None) -> None:
    if known is None:
        _try(session, vault)
    elif known.value != vault.check():
        raise VaultError("it is not the key that this database was sealed with; put the right one back from the backup")


def _try(session: Session, vault: Vault) -> None:
    """Open one value of each kind; raises ``VaultError`` when one does not open."""
    for one, key, value in _some(session):
        vault.unwrap(value, one.row(key))


def _some(session: Session) -> Iterator[tuple[_Wrapped, Any, Any]]:
    for one in _WRAPPED:
        found = session.execute(select(one.key, one.column).where(one.column.is_not(None)).limit(1)).first()
        if found is not None:
            yield one, *found


class Anew:
    """Binds what is sealed and not bound yet, some at a time; a chore of the worker."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def __call__(self, session: Session) -> int:
        """Return how many values were bound."""
        return sum(self._wrapped(session, one) for one in _WRAPPED) + self._codes(session)

    def _wrapped(self, session: Session, one: _Wrapped) -> int:
        bound: list[_Bound] = []
        for key, old in session.execute(select(one.key, one.column).where(_unbound(one.column)).limit(SOME)).all():
            row = one.row(key)
            with _told(row):
                bound.append(_Bound(key, old, self._vault.wrap(self._vault.unwrap(old, row), row)))
        return _replace(session, one.column, one.key, bound)

    def _codes(self, session: Session) -> int:
        item, key, kind = VaultItem, PersonKey, identity_code.KIND
        query = (
            select(item.person_id, key.wrapped_key, item.ciphertext)
            .join(key, key.person_id == item.person_id)
            .where(item.kind == kind, key.wrapped_key.is_not(None), _unbound(item.ciphertext))
            .limit(SOME)
        )
        bound: list[_Bound] = []
        for person_id, wrapped, old in session.execute(query).all():
            row = identity_code.item_row(person_id)
            with _told(row):
                own = self._vault.unwrap(wrapped or b"", identity_code.key_row(person_id))
                bound.append(_Bound(person_id, old, sealing.seal(own, kind, sealing.unseal(own, kind, old, row), row)))
        return _replace(session, item.ciphertext, item.person_id, bound)


@contextmanager
def _told(row: str) -> Iterator[None]:
    """Leave a value that does not open as it is, and say so: the others are bound all the same."""
    try:
        yield
    except VaultError as error:
        _log.error("a sealed value does not open", row=row, exc_info=error)


def _unbound(column: InstrumentedAttribute[Any]) -> Any:
    return func.substr(column, 1, len(MARK)) != MARK


def _replace(session: Session, column: Any, key: Any, bound: list[_Bound]) -> int:
    """Write values in place of those that were read, where nobody has written another meanwhile; return how many."""
    if not bound:
        return 0
    query = update(column.class_.__table__).where(key == bindparam("of_key"), column == bindparam("old"))
    done = session.connection().execute(query.values({column.key: bindparam("new")}), [one._asdict() for one in bound])
    return done.rowcount
