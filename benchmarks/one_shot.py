"""Secrets that work once, each tried by sixteen threads at the same moment, every try in a transaction of its own on
PostgreSQL.

A kind is whatever may be used once: codes, pushed requests, states, challenges, handles, assertions, time codes,
recovery codes, and the step of a refresh family, which every caller gets but which is taken once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pyotp
from sqlalchemy.orm import Session, sessionmaker

from iam import clock
from iam.change import SYSTEM
from iam.database.engine import make_engine, make_sessions
from iam.database.types import uuid7
from iam.directory.person import Person
from iam.oidc.authorization import code, pushed as par
from iam.oidc.clients import assertions as client_assertion
from iam.oidc.clients.assertions import Assertion
from iam.signin.accounts.factor import Totp
from iam.signin.factors import levels, recovery, totp
from iam.signin.federation import upstream
from iam.tokens import grant, one_shot
from iam.tokens.grant import Grant
from iam.vault import Vault

SECRETS, USERS = 1000, 16
CLIENT = "bench"
SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Kind:
    """How a secret is made and tried; ``judge`` says of all answers whether the secret was used exactly once."""

    make: Callable[[Session, Vault, UUID], Any]
    use: Callable[[Session, Vault, Any], Any]
    judge: Callable[[Sequence[Any]], bool] = lambda answers: sum(bool(one) for one in answers) == 1


def parallel(url: str, vault: Vault) -> dict[str, tuple[int, int]]:
    """Return for each kind how many of 1,000 secrets were used exactly once and how many tries failed, on the migrated
    database ``url``; raises ``SystemExit`` unless it is all and none."""
    engine = make_engine(url, pool_size=USERS)
    try:
        found = {name: race(make_sessions(engine), vault, name, SECRETS) for name in KINDS}
    finally:
        engine.dispose()
    bad = {name: counts for name, counts in found.items() if counts != (SECRETS, 0)}
    if bad:
        raise SystemExit(f"secrets not used exactly once, or tries that failed: {bad}")
    return found


def race(sessions: sessionmaker[Session], vault: Vault, name: str, count: int) -> tuple[int, int]:
    """Return how many of ``count`` fresh secrets of a kind were used exactly once, and how many tries raised."""
    kind, now = KINDS[name], clock.now()
    with clock.fixed(now), sessions.begin() as session:
        made = [kind.make(session, vault, _person(session)) for _ in range(count)]
    barrier = Barrier(USERS)
    with ThreadPoolExecutor(USERS) as pool:
        started = [pool.submit(_tries, sessions, vault, kind, made, barrier, now) for _ in range(USERS)]
        answers = list(zip(*(one.result() for one in started), strict=True))
    errors = sum(isinstance(one, Exception) for several in answers for one in several)
    return sum(kind.judge([one for one in several if not isinstance(one, Exception)]) for several in answers), errors


def _tries(
    sessions: sessionmaker[Session], vault: Vault, kind: Kind, made: Sequence[Any], barrier: Barrier, now: datetime
) -> list[Any]:
    """Try each secret when all threads are at it; an exception is an answer."""
    answers: list[Any] = []
    for secret in made:
        barrier.wait()
        try:
            with clock.fixed(now), sessions.begin() as session:
                answers.append(kind.use(session, vault, secret))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is counted
            answers.append(error)
    return answers


def _person(session: Session) -> UUID:
    row = Person(sort_name="bench")
    session.add(row)
    session.flush()
    return row.id


def _issued(kind: str, client_id: str | None = None, **data: Any) -> Callable[[Session, Vault, UUID], str]:
    """Make a secret of a kind that goes through ``one_shot`` and nothing else."""
    return lambda session, vault, person_id: one_shot.issue(
        session, kind, SECONDS, data, client_id=client_id, person_id=person_id, text=secrets.token_urlsafe(32)
    )


def _consumed(kind: str) -> Callable[[Session, Vault, str], Any]:
    return lambda session, vault, value: one_shot.consume(session, kind, value)


def _code(session: Session, vault: Vault, person_id: UUID) -> str:
    data: dict[str, Any] = {
        "redirect_uri": "https://bench.example/",
        "scope": "openid",
        "challenge": None,
        "nonce": None,
        "capacity": None,
        "session": str(uuid7()),
        "auth_time": clock.now().isoformat(),
        "acr": levels.PASSWORD,
        "amr": [],
        "resources": [],
        "claims": {},
    }
    return one_shot.issue(session, code.KIND, SECONDS, data, client_id=CLIENT, person_id=person_id, grant_id=uuid7())


def _push(session: Session, vault: Vault, person_id: UUID) -> str:
    return par.push(session, CLIENT, par.Pushed({}, []))


def _state(session: Session, vault: Vault, person_id: UUID) -> str:
    asked = upstream.Asked("entra", "n", "v", "f", fresh=False, at=clock.now().timestamp())
    return _issued(upstream.KIND, CLIENT, **asdict(asked))(session, vault, person_id)


def _family(session: Session, vault: Vault, person_id: UUID) -> str:
    now = clock.now()
    family = Grant(
        uuid7(), person_id, CLIENT, None, None, "openid", now, levels.PASSWORD, now, now + timedelta(seconds=SECONDS)
    )
    grant.store(session, family)
    return grant.token_of(family.id, 0, _REFRESH)


def _rotate(session: Session, vault: Vault, token: str) -> tuple[str | None, int] | None:
    moved = grant.rotate(session, token, CLIENT, _REFRESH)
    return (moved.token, moved.grant.generation) if moved is not None else None


def _one_successor(answers: Sequence[Any]) -> bool:
    """Whether all callers got the very same next token, of the first generation after."""
    return len(answers) == USERS and len(set(answers)) == 1 and answers[0] is not None and answers[0][1] == 1


def _scanned(session: Session, vault: Vault, person_id: UUID) -> tuple[UUID, str]:
    secret, now = pyotp.random_base32(), clock.now()
    session.add(
        Totp(person_id=person_id, secret=vault.wrap(secret.encode()), last_step=0, created_at=now, confirmed_at=now)
    )
    return person_id, pyotp.TOTP(secret).at(now)


_REFRESH = secrets.token_bytes(32)
KINDS: dict[str, Kind] = {
    "code": Kind(_code, lambda session, vault, value: code.take(session, CLIENT, value, SYSTEM)),
    "pushed request": Kind(_push, lambda session, vault, uri: par.complete(session, CLIENT, uri)),
    "passkey challenge": Kind(_issued("webauthn"), _consumed("webauthn")),
    "upstream state": Kind(_state, lambda session, vault, value: upstream.answered(session, value, CLIENT)),
    "upstream account": Kind(
        _issued(upstream.PENDING, CLIENT, connection="entra", subject="s", flow="f"),
        lambda session, vault, value: upstream.offered(session, value, CLIENT, use_up=True),
    ),
    "first code": Kind(_issued("first-code"), _consumed("first-code")),
    "new password": Kind(_issued("new-password"), _consumed("new-password")),
    "refresh": Kind(_family, _rotate, _one_successor),
    "assertion": Kind(
        lambda session, vault, person_id: Assertion(str(person_id), clock.now() + timedelta(seconds=60)),
        lambda session, vault, assertion: client_assertion.first_use(session, CLIENT, assertion),
    ),
    "time code": Kind(_scanned, lambda session, vault, made: totp.check(session, vault, *made)),
    "recovery code": Kind(
        lambda session, vault, person_id: (person_id, recovery.renew(session, vault, person_id)[0]),
        lambda session, vault, made: recovery.use(session, vault, *made),
    ),
}
