"""Failures by network and by the whole installation: how many *different* accounts failed there lately without getting in.

Somebody who mistypes gets in a moment later and is not counted any more; somebody who tries one password on all accounts does not. When
the budget is spent, a browser that has never signed in to the account must give a factor besides the password, come by a code that was
sent to the person's address, or wait. Known browsers and passkeys are never asked. Networks and accounts are kept as keyed hashes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import LargeBinary, bindparam, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from iam import clock
from iam.database.statement import Statement
from iam.database.types import UtcDateTime
from iam.settings import Settings
from iam.signin.account import Account, NetworkFailure
from iam.vault import Vault
from iam.web.address import network

SPAN = timedelta(hours=1)
NETWORK, INSTALLATION, SHARE = 100, 1_000, 20
"""Accounts that may have failed in a network, and in an installation: there at least so many, and one in so many of those there are."""
EVERYWHERE = b""
"""Stands for the installation among the networks."""

_NETWORK, _ACCOUNT = bindparam("of_network", type_=LargeBinary()), bindparam("of_account", type_=LargeBinary())


def _noting(insert: Any) -> Any:
    b = NetworkFailure
    query = insert(b)
    return query.on_conflict_do_update(index_elements=[b.network, b.account], set_={"at": query.excluded.at})


_NOTE = {
    "postgresql": Statement(lambda: _noting(postgresql.insert), tuple),
    "sqlite": Statement(lambda: _noting(sqlite.insert), tuple),
}
_FORGET = Statement(
    lambda: delete(NetworkFailure).where(
        NetworkFailure.account == _ACCOUNT,
        or_(NetworkFailure.network == _NETWORK, NetworkFailure.network == EVERYWHERE),
    ),
    tuple,
)
_LATEST: Statement[datetime] = Statement(
    lambda: (
        select(NetworkFailure.at)
        .where(NetworkFailure.network == _NETWORK, NetworkFailure.at > bindparam("since", type_=UtcDateTime()))
        .order_by(NetworkFailure.at.desc())
        .offset(bindparam("before"))
        .limit(1)
    ),
    lambda at: at,
)


def key(settings: Settings, vault: Vault, address: str) -> bytes:
    """Return what a network is counted by; ``EVERYWHERE`` where no proxy is named, and nothing is counted by address."""
    if not settings.listen.proxies:
        return EVERYWHERE
    return vault.mac("network failures", "", network(address))


def failed(session: Session, where: bytes, account: bytes) -> None:
    """Note that an account failed in a network."""
    for one in _each(where):
        _NOTE[session.get_bind().dialect.name].run(session, network=one, account=account, at=clock.now())


def got_in(session: Session, where: bytes, account: bytes) -> None:
    """Forget an account's failures there: it is somebody who mistyped."""
    _FORGET.run(session, of_network=where, of_account=account)


def spent_until(session: Session, where: bytes) -> datetime | None:
    """Return until when the budget of a network, or of the installation, is spent; None when it is not."""
    found = [until for one in _each(where) if (until := _until(session, one)) is not None]
    return max(found, default=None)


def _each(where: bytes) -> Iterator[bytes]:
    yield from sorted({where, EVERYWHERE})


def _until(session: Session, where: bytes) -> datetime | None:
    until = _past(session, where, INSTALLATION if where == EVERYWHERE else NETWORK)
    if until is None or where != EVERYWHERE:
        return until
    accounts = session.scalar(select(func.count()).select_from(Account)) or 0
    return _past(session, where, max(INSTALLATION, accounts // SHARE))


def _past(session: Session, where: bytes, limit: int) -> datetime | None:
    """Return when fewer than ``limit`` accounts will have failed within ``SPAN``; None when it is so now."""
    at = _LATEST.one(session, of_network=where, since=clock.now() - SPAN, before=limit - 1)
    return None if at is None else at + SPAN


def tidy(session: Session) -> int:
    """Delete failures that no budget looks at any more; return how many."""
    done = session.execute(delete(NetworkFailure).where(NetworkFailure.at <= clock.now() - SPAN))
    return int(getattr(done, "rowcount", 0))
