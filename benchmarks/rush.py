"""A rush of sign-ins: so many a second arrive, whether those before are done or not; how long each takes from its first
request."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.signing_in import give_logins, sign_in
from iam import clock
from iam.access.model.assignment import Assignment
from iam.access.model.role import Application, Role
from iam.cli.demo.run import CLIENT
from iam.directory.affiliation import Affiliation
from iam.directory.queries import holds_at
from iam.oidc.model import Client
from iam.signin.accounts.account import Account


@dataclass
class Rush:
    """``rate`` sign-ins a second for ``seconds``; ``took`` are the seconds of those that ended well, ``failed`` counts
    the others."""

    rate: int
    seconds: int
    took: list[float] = field(default_factory=list)
    failed: int = 0
    lasted: float = 0.0

    @property
    def slowest_of_95(self) -> float:
        """The time, in seconds, that 95 % stayed under."""
        return sorted(self.took)[int(len(self.took) * 0.95)] if self.took else float("inf")

    @property
    def done_a_second(self) -> float:
        """Sign-ins that ended well, a second, until the last had ended."""
        return len(self.took) / self.lasted


def crowd(sessions: sessionmaker[Session]) -> list[str]:
    """Let everybody sign in who has one affiliation, a right in the demonstration's application and no login yet;
    return the logins.

    They share one password, the one ``sign_in`` types. Different people, because tries of the same one wait for one
    another.
    """
    now = clock.now()
    with sessions() as session, session.begin():
        one = (
            select(Affiliation.person_id)
            .where(Affiliation.closed_by.is_(None), holds_at(Affiliation, now))
            .group_by(Affiliation.person_id)
            .having(func.count() == 1)
        )
        right = exists().where(
            Assignment.person_id == Affiliation.person_id,
            Assignment.role_id == Role.id,
            Role.application_id == Application.id,
            Application.id == Client.application_id,
            Client.client_id == CLIENT,
            Assignment.closed_by.is_(None),
        )
        named = exists().where(Account.person_id == Affiliation.person_id)
        people = session.scalars(
            select(Affiliation.person_id).where(Affiliation.person_id.in_(one), right, ~named).distinct()
        )
        logins = {f"crowd-{n}": person_id for n, person_id in enumerate(people)}
        give_logins(session, logins)
    return list(logins)


def rush(issuer: str, logins: Sequence[str], rate: int, seconds: int = 10) -> Rush:
    """Let the sign-ins come and wait for all of them."""
    found, started = Rush(rate, seconds), time.perf_counter()
    threads = [
        threading.Thread(target=_arrive, args=(issuer, logins[n % len(logins)], started + n / rate, found))
        for n in range(rate * seconds)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.lasted = time.perf_counter() - started
    return found


def gets_in(issuer: str, login: str) -> bool:
    """Whether somebody gets in, and without being asked anything on the way that ``sign_in`` does not answer."""
    try:
        return bool(sign_in(issuer, login))
    except (SystemExit, LookupError):
        return False


def _arrive(issuer: str, login: str, at: float, found: Rush) -> None:
    time.sleep(max(0.0, at - time.perf_counter()))
    started = time.perf_counter()
    try:
        sign_in(issuer, login)
    except (SystemExit, OSError):
        found.failed += 1
        return
    found.took.append(time.perf_counter() - started)
