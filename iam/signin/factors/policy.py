"""Where a second factor is asked: by an organisation of its own people, by an application, and of administrators by the
settings.

A device that its owner marked as their own stands in for what an organisation asks, never for what an application or
the administration pages ask; the login session's level stays what was really done.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from iam import clock
from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime
from iam.directory.queries import organisations_over
from iam.settings import Signin
from iam.signin.accounts.factor import FactorPolicy, RememberedDevice
from iam.signin.factors import levels
from iam.tokens.secret import hash_of
from iam.tokens.session import LoginSession


def _policies() -> Rows:
    over = organisations_over(bindparam("of_person", type_=Uuid()), bindparam("at", type_=UtcDateTime()))
    return select(FactorPolicy.remember_days).where(FactorPolicy.organisation_id.in_(over))


_POLICIES: Statement[int] = Statement(_policies, int)


def asking(session: Session) -> dict[UUID, int]:
    """Return the organisations that ask their people for a second factor, each with the days it lets a device be
    remembered."""
    rows = session.execute(select(FactorPolicy.organisation_id, FactorPolicy.remember_days))
    return {row.organisation_id: row.remember_days for row in rows}


def ask(session: Session, days: Mapping[UUID, int | None]) -> None:
    """Let organisations ask for a second factor (the days a device may be remembered), or no more (None)."""
    session.execute(delete(FactorPolicy).where(FactorPolicy.organisation_id.in_(days)))
    rows = [{"organisation_id": one, "remember_days": n} for one, n in days.items() if n is not None]
    if rows:
        session.execute(insert(FactorPolicy), rows)


def least_acr(session: Session, person_id: UUID, at: datetime, *, application_least: str | None) -> str | None:
    """Return the least level a person must reach: the stronger of the application's own and, where one of their
    organisations (or one above it) asks its people for a second factor, ``levels.TWO_FACTOR``. None when nothing is
    asked."""
    if not _POLICIES.all(session, of_person=person_id, at=at):
        return application_least
    return levels.stronger(application_least, levels.TWO_FACTOR) if application_least else levels.TWO_FACTOR


def missing(
    session: Session, login: LoginSession, at: datetime, *, application_least: str | None, device: str, most_days: int
) -> str | None:
    """Return the level that a session still lacks at an application, or None; ``device`` is the cookie of
    ``remember``."""
    least = least_acr(session, login.person_id, at, application_least=application_least)
    if levels.reaches(login.acr, least):
        return None
    policy_made = levels.reaches(login.acr, application_least)
    return None if policy_made and most_days and remembered(session, login.person_id, device) else least


def still_enough(
    session: Session,
    person_id: UUID,
    acr: str,
    device_until: datetime | None,
    at: datetime,
    *,
    application_least: str | None,
    most_days: int,
) -> bool:
    """Whether the sign-in by which a grant was given still reaches what is asked of the person there now; one statement
    at most.

    ``device_until``: until when a remembered device stands in, where the grant was given on its word.
    """
    if not levels.reaches(acr, application_least):
        return False
    if levels.reaches(acr, levels.TWO_FACTOR):
        return True
    days = _POLICIES.all(session, of_person=person_id, at=at)
    return not days or (bool(most_days) and 0 not in days and device_until is not None and device_until > at)


def always_asks(session: Session, person_id: UUID, given: Signin) -> bool:
    """Whether a password is never enough for this person: an organisation asks for more each time. What the
    administration pages ask does not count, for other applications do not."""
    days = _POLICIES.all(session, of_person=person_id, at=clock.now())
    return bool(days) and min(given.remember_days, *days) == 0


def remember_days(session: Session, person_id: UUID, most: int) -> int:
    """Return for how many days a device of the person may be remembered: the fewest that all who ask allow, at most
    ``most``."""
    return min([most, *_POLICIES.all(session, of_person=person_id, at=clock.now())])


def remember(session: Session, person_id: UUID, days: int) -> str:
    """Remember the browser for so many days and return the secret for its cookie."""
    value = secrets.token_urlsafe(32)
    ends = clock.now() + timedelta(days=days)
    session.add(RememberedDevice(hash=hash_of(value), person_id=person_id, expires_at=ends))
    session.flush()
    return value


def remembered(session: Session, person_id: UUID, cookie: str) -> bool:
    """Whether the cookie's browser need not repeat the second factor that the person's organisations ask for."""
    known = device_until(session, person_id, cookie) is not None
    return known and 0 not in _POLICIES.all(session, of_person=person_id, at=clock.now())


def device_until(session: Session, person_id: UUID, cookie: str) -> datetime | None:
    """Return until when the cookie's browser is remembered as this person's own; None when it is not."""
    row = session.get(RememberedDevice, hash_of(cookie)) if cookie else None
    known = row is not None and row.person_id == person_id and row.expires_at > clock.now()
    return row.expires_at if row is not None and known else None
