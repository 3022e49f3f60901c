"""Signing in: budget, proof, person, session. What was really done is told by ``acr`` and ``amr`` and written in the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.lifecycle.states import State, state_of
from iam.settings import Settings
from iam.signin import credentials, directory_bind, ending, levels, password, session_policy, throttle
from iam.signin.credentials import Known
from iam.tokens import session as login_sessions
from iam.tokens.session import LoginSession
from iam.vault import Vault


class Refusal(StrEnum):
    """Why somebody did not get in. ``MISMATCH`` says the same for known and unknown logins."""

    MISMATCH = "mismatch"
    THROTTLED = "throttled"
    DIRECTORY_DOWN = "directory-down"
    BUSY = "busy"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a sign-in: settings, vault, who asks from where, the browser, and the session it already had."""

    settings: Settings
    vault: Vault
    actor: Actor
    agent: str = ""
    device: str = ""
    previous: LoginSession | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Either a person and the secret for the cookie, or a refusal with, when throttled, the instant to try again.

    ``acr`` is the level that the session has reached (``signin.levels``).
    """

    person_id: UUID | None = None
    secret: str = ""
    login: str = ""
    language: str | None = None
    acr: str = levels.PASSWORD
    refusal: Refusal | None = None
    again_at: datetime | None = None


def sign_in(session: Session, login: str, text: str, around: Around) -> Outcome:
    """Sign somebody in with a login and a password, or refuse, in the caller's transaction.

    The work is the same for every login: a budget, one look-up, one Argon2 hash (or a bind where a directory keeps the password).
    """
    account = throttle.account_key(around.vault, login, around.device)
    made = throttle.begin(session, account)
    if made.again_at is not None:
        _write(session, "signin:password:throttled", around, account)
        return Outcome(refusal=Refusal.THROTTLED, again_at=made.again_at)
    known = credentials.find(session, login)
    way = "ldap" if known and known.data("directory") and not known.data("password") else "password"
    try:
        right = _bind(session, known, text) if way == "ldap" and known else _compare(session, known, text, around)
    except directory_bind.DirectoryDown:
        throttle.forgive(session, made)
        return Outcome(refusal=Refusal.DIRECTORY_DOWN)
    if not right or known is None:
        _write(session, f"signin:{way}:refused", around, account, known.person_id if known else None)
        return Outcome(refusal=Refusal.MISMATCH)
    throttle.forgive(session, made)
    return enter(session, known, around, f"signin:{way}:accepted")


def enter(
    session: Session, known: Known, around: Around, event: str, amr: Sequence[str] = ("pwd",), *, factors: Sequence[str] = ()
) -> Outcome:  # fmt: skip
    """Start a login session for somebody who has proved who they are; refused when their access has ended.

    Whatever session the browser had ends: a new sign-in has a new secret (security SE-02). ``amr`` is what was really done,
    ``factors`` the marks of factors that were proved by it (``proof``).
    """
    archive = timedelta(days=around.settings.lifecycle.archive_days)
    if state_of(session, known.person_id, clock.now(), archive) in (State.SUSPENDED, State.ARCHIVED):
        log.write(
            session,
            "signin:session:refused",
            around.actor,
            subject_id=known.person_id,
            envelope={"address": around.actor.address},
        )
        return Outcome(refusal=Refusal.ENDED)
    who = Actor(known.person_id, around.actor.request_id, around.actor.address)
    if around.previous is not None:
        ending.end(session, who, "replaced", around.previous.person_id, around.previous.id)
    acr, life = levels.acr_of(amr), session_policy.life(session, known.person_id, around.settings.tokens, clock.now())
    row, secret = login_sessions.start(
        session, known.person_id, life, acr=acr, amr=amr, agent=around.agent, factors=factors
    )
    log.write(session, event, who, subject_id=known.person_id, envelope={"address": who.address})
    log.write(session, "signin:session:started", who, subject_id=known.person_id, envelope={"session": str(row.id)})
    return Outcome(known.person_id, secret, known.login, known.language, acr)


def _compare(session: Session, known: Known | None, text: str, around: Around) -> bool:
    stored = known.data("password") if known else None
    checked = password.verify(around.vault, stored["hash"] if stored else None, text)
    if known is not None and checked.rehash is not None:
        credentials.set_hash(session, known.person_id, checked.rehash)
    return checked.right


def _bind(session: Session, known: Known, text: str) -> bool:
    return directory_bind.accepts(session, known.data("directory") or {}, known.login, text)


def _write(session: Session, event: str, around: Around, account: bytes, person_id: UUID | None = None) -> None:
    # The account is told by its keyed hash, so that tries can be counted together without the login being kept.
    envelope = {"account": account.hex()[:16], "address": around.actor.address}
    log.write(session, event, around.actor, subject_id=person_id, envelope=envelope)
