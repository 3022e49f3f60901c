"""How often somebody may fail: one budget an account, over every door, alias, process and restart (security AU-04).

A try is counted before it is known whether it fails, by one atomic statement, and given back when it succeeds: parallel
guesses cannot outrun the count, and successes are never counted. Unknown logins are counted alike, under a keyed hash,
so that they cannot be told from known ones and are never stored. A browser that has signed in to the account before has
a budget of its own (AU-05): an attacker elsewhere cannot lock its owner out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import LargeBinary, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from iam import clock
from iam.database.statement import Statement
from iam.database.types import UtcDateTime
from iam.signin.accounts.account import FailureBudget, normal
from iam.vault import Vault

Limits = Sequence[tuple[timedelta, int]]

LIMITS: Limits = ((timedelta(hours=1), 10), (timedelta(days=1), 50))
"""Failures allowed in any such time."""
STEP = timedelta(minutes=10)
_KEPT = timedelta(days=1) + STEP
Windows = Sequence[tuple[datetime, int]]

_ACCOUNT = bindparam("of_account", type_=LargeBinary())


def _counting(insert: Any) -> Any:
    b = FailureBudget
    return insert(b).on_conflict_do_update(index_elements=[b.account, b.window], set_={"n": b.n + 1})


_COUNT = {
    "postgresql": Statement(lambda: _counting(postgresql.insert), tuple),
    "sqlite": Statement(lambda: _counting(sqlite.insert), tuple),
}
_COUNTED = Statement(
    lambda: select(FailureBudget.window, FailureBudget.n).where(
        FailureBudget.account == _ACCOUNT, FailureBudget.window > bindparam("since", type_=UtcDateTime())
    ),
    lambda window, n: (window, n),
)
_FORGIVE = Statement(
    lambda: (
        update(FailureBudget)
        .where(
            FailureBudget.account == _ACCOUNT,
            FailureBudget.window == bindparam("in_window", type_=UtcDateTime()),
            FailureBudget.n > 0,
        )
        .values(n=FailureBudget.n - 1)
    ),
    tuple,
)


def _count(session: Session) -> Statement[Any]:
    return _COUNT[session.get_bind().dialect.name]


@dataclass(frozen=True, slots=True)
class Try:
    """A counted try. ``again_at`` is set when it may not be made: the budget is spent until then, and nothing was
    counted."""

    account: bytes
    window: datetime
    again_at: datetime | None = None


def account_key(vault: Vault, login: str, device: str = "") -> bytes:
    """Return the key of a login's budget; ``device`` is a browser known to have signed in to it, or empty."""
    return vault.mac("sign-in failures", device, normal(login))


def begin(session: Session, account: bytes, limits: Limits = LIMITS) -> Try:
    """Count a try and say whether it may be made; of parallel tries no more than the limits allow are let through.

    No span of ``limits`` is longer than a day.
    """
    now = clock.now()
    window = datetime.fromtimestamp(now.timestamp() // STEP.total_seconds() * STEP.total_seconds(), UTC)
    _count(session).run(session, account=account, window=window, n=1)
    counted = [(at, n - (at == window)) for at, n in _COUNTED.all(session, of_account=account, since=now - _KEPT)]
    made = Try(account, window, spent_until(counted, now, limits))
    if made.again_at is not None:
        forgive(session, made)
    return made


def forgive(session: Session, made: Try) -> None:
    """Give a try back, because it succeeded or never told anything."""
    _FORGIVE.run(session, of_account=made.account, in_window=made.window)


def spent_until(failures: Windows, now: datetime, limits: Limits = LIMITS) -> datetime | None:
    """Return when the next try may be made, or None when one may be made now; ``failures`` are counts by start of their
    step."""
    waits = [until for span, limit in limits if (until := _until(failures, now, span, limit)) is not None]
    return max(waits, default=None)


def _until(failures: Windows, now: datetime, span: timedelta, limit: int) -> datetime | None:
    # A step counts until its last instant has left the span, so that no window of that length ever holds more than the
    # limit.
    recent = sorted((at + STEP + span, n) for at, n in failures if at + STEP + span > now)
    left = sum(n for _, n in recent)
    for leaves_at, n in recent:
        if left < limit:
            return None
        left -= n
        if left < limit:
            return leaves_at
    return None


def tidy(session: Session) -> int:
    """Delete counts that no limit looks at any more; return how many."""
    done = session.execute(delete(FailureBudget).where(FailureBudget.window < clock.now() - _KEPT))
    return int(getattr(done, "rowcount", 0))
