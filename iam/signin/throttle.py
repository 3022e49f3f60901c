"""How often somebody may fail: one budget an account, over every door, alias, process and restart (security AU-04).

A try is counted before it is known whether it fails, by one atomic statement, and given back when it succeeds: parallel guesses
cannot outrun the count, and successes are never counted. Unknown logins are counted alike, under a keyed hash, so that they cannot be
told from known ones and are never stored. A browser that has signed in to the account before has a budget of its own (AU-05): an
attacker elsewhere cannot lock its owner out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import LargeBinary, bindparam, delete, select, text, update
from sqlalchemy.orm import Session

from iam import clock
from iam.database.types import UtcDateTime
from iam.signin.account import FailureBudget, normal
from iam.vault import Vault

LIMITS = ((timedelta(hours=1), 10), (timedelta(days=1), 50))
"""Failures allowed in any such time."""
STEP = timedelta(minutes=10)
_KEPT = timedelta(days=1) + STEP
Windows = Sequence[tuple[datetime, int]]

_COUNT = text(
    'INSERT INTO failure_budget (account, "window", n) VALUES (:account, :window, 1) '
    'ON CONFLICT (account, "window") DO UPDATE SET n = failure_budget.n + 1'
).bindparams(bindparam("account", type_=LargeBinary()), bindparam("window", type_=UtcDateTime()))


@dataclass(frozen=True, slots=True)
class Try:
    """A counted try. ``again_at`` is set when it may not be made: the budget is spent until then, and nothing was counted."""

    account: bytes
    window: datetime
    again_at: datetime | None = None


def account_key(vault: Vault, login: str, device: str = "") -> bytes:
    """Return the key of a login's budget; ``device`` is a browser known to have signed in to it, or empty."""
    return vault.mac("sign-in failures", device, normal(login))


def begin(session: Session, account: bytes) -> Try:
    """Count a try and say whether it may be made; of parallel tries no more than the limits allow are let through."""
    now = clock.now()
    window = datetime.fromtimestamp(now.timestamp() // STEP.total_seconds() * STEP.total_seconds(), UTC)
    session.execute(_COUNT, {"account": account, "window": window})
    query = select(FailureBudget.window, FailureBudget.n).where(
        FailureBudget.account == account, FailureBudget.window > now - _KEPT
    )
    counted = [(at, n - (at == window)) for at, n in session.execute(query)]
    made = Try(account, window, spent_until(counted, now))
    if made.again_at is not None:
        forgive(session, made)
    return made


def forgive(session: Session, made: Try) -> None:
    """Give a try back, because it succeeded or never told anything."""
    here = (FailureBudget.account == made.account, FailureBudget.window == made.window, FailureBudget.n > 0)
    session.execute(update(FailureBudget).where(*here).values(n=FailureBudget.n - 1))


def spent_until(failures: Windows, now: datetime) -> datetime | None:
    """Return when the next try may be made, or None when one may be made now; ``failures`` are counts by start of their step."""
    waits = [until for span, limit in LIMITS if (until := _until(failures, now, span, limit)) is not None]
    return max(waits, default=None)


def _until(failures: Windows, now: datetime, span: timedelta, limit: int) -> datetime | None:
    # A step counts until its last instant has left the span, so that no window of that length ever holds more than the limit.
    recent = sorted((at + STEP + span, n) for at, n in failures if at + STEP + span > now)
    left = sum(n for _, n in recent)
    for leaves_at, n in recent:
        if left < limit:
            return None
        left -= n
        if left < limit:
            return leaves_at
    return None


def tidy(session: Session) -> None:
    """Delete counts that no limit looks at any more."""
    session.execute(delete(FailureBudget).where(FailureBudget.window < clock.now() - _KEPT))
