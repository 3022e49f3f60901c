"""Failures by network and by the whole installation: how many *different* accounts failed there lately without getting
in.

Somebody who mistypes gets in a moment later and is not counted any more; somebody who tries one password on all
accounts does not. When the budget is spent, a browser that has never signed in to the account must give a factor
besides the password, come by a code that was sent to the person's address, or wait. Known browsers and passkeys are
never asked. Networks and accounts are kept as keyed hashes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import LargeBinary, bindparam, delete, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from iam import clock
from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime
from iam.settings import Settings
from iam.signin.accounts.account import Account, NetworkFailure
from iam.vault import Vault
from iam.web.edge.address import network

SPAN = timedelta(hours=1)
NETWORK, INSTALLATION, SHARE = 100, 1_000, 20
"""Accounts that may have failed in a network, and in an installation: there at least so many, and one in so many of
those there are."""
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
        NetworkFailure.account == _ACCOUNT, NetworkFailure.network.in_([_NETWORK, EVERYWHERE])
    ),
    tuple,
)


def _latest(where: Any, before: Any) -> Any:
    """The failure before which there were ``before`` later ones in a network, within ``SPAN``."""
    b = NetworkFailure
    later = select(b.at).where(b.network == where, b.at > bindparam("since", type_=UtcDateTime()))
    return later.order_by(b.at.desc()).offset(before).limit(1).scalar_subquery()


def _looking() -> Rows:
    b = NetworkFailure
    noted = exists().where(b.account == _ACCOUNT, b.network.in_([_NETWORK, EVERYWHERE]))
    here, everywhere = _latest(_NETWORK, bindparam("here")), _latest(EVERYWHERE, bindparam("everywhere"))
    return select(here.label("here"), everywhere.label("everywhere"), noted.label("noted"))


@dataclass(frozen=True, slots=True)
class NetworkState:
    """Until when the budget of a network or of the installation is spent, None when neither is; and whether the account
    is counted."""

    spent_until: datetime | None
    noted: bool


_LOOK: Statement[tuple[datetime | None, datetime | None, bool]] = Statement(
    _looking, lambda here, everywhere, noted: (here, everywhere, bool(noted))
)


def key(settings: Settings, vault: Vault, address: str) -> bytes:
    """Return what a network is counted by; ``EVERYWHERE`` where no proxy is named, and nothing is counted by
    address."""
    if not settings.listen.proxies:
        return EVERYWHERE
    return vault.mac("network failures", "", network(address))


def failed(session: Session, where: bytes, account: bytes) -> None:
    """Note that an account failed in a network."""
    for one in sorted({where, EVERYWHERE}):
        _NOTE[session.get_bind().dialect.name].run(session, network=one, account=account, at=clock.now())


def got_in(session: Session, where: bytes, account: bytes) -> None:
    """Forget an account's failures there: it is somebody who mistyped."""
    _FORGET.run(session, of_network=where, of_account=account)


def look(session: Session, where: bytes, account: bytes) -> NetworkState:
    """Return how a network and an account in it stand: one statement, unless a thousand failed."""
    here, everywhere, noted = _looked(session, where, account, INSTALLATION)
    if everywhere is not None:
        accounts = session.scalar(select(func.count()).select_from(Account)) or 0
        _, everywhere, _ = _looked(session, where, account, max(INSTALLATION, accounts // SHARE))
    found = [at + SPAN for at in (None if where == EVERYWHERE else here, everywhere) if at is not None]
    return NetworkState(max(found, default=None), noted)


def _looked(
    session: Session, where: bytes, account: bytes, limit: int
) -> tuple[datetime | None, datetime | None, bool]:
    asked = {"of_network": where, "of_account": account, "since": clock.now() - SPAN}
    return _LOOK.one(session, **asked, here=NETWORK - 1, everywhere=limit - 1) or (None, None, False)


def tidy(session: Session) -> int:
    """Delete failures that no budget looks at any more; return how many."""
    done = session.execute(delete(NetworkFailure).where(NetworkFailure.at <= clock.now() - SPAN))
    return int(getattr(done, "rowcount", 0))
