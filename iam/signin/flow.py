"""Signing in: budget, proof, person, session. What was really done is told by ``acr`` and ``amr`` and written in the
log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.lifecycle.states import State, state_of
from iam.settings import Settings
from iam.signin.accounts import ending, session_policy
from iam.signin.factors import levels, proof as proofs, recovery, totp
from iam.signin.federation import reach
from iam.signin.passwords import credentials, directory_bind, network, password, throttle
from iam.signin.passwords.credentials import Known
from iam.tokens import session as login_sessions
from iam.tokens.session import OWN, LoginSession
from iam.vault import Vault


class Refusal(StrEnum):
    """Why somebody did not get in. ``MISMATCH`` says the same for known and unknown logins, ``OUTSIDE`` is for the log
    only: what proved them is not for people of their organisations. ``NETWORK``: too many accounts failed there, so
    that a code of a factor is asked besides the password; ``NOT_ALL``: the password or that code does not match."""

    MISMATCH = "mismatch"
    THROTTLED = "throttled"
    NETWORK = "network"
    NOT_ALL = "not-all"
    DIRECTORY_DOWN = "directory-down"
    BUSY = "busy"
    ENDED = "ended"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a sign-in: settings, vault, who asks from where, the browser, and the session it already had.

    ``adds``: that session goes on, when it is the same person's, with one proof more.
    """

    settings: Settings
    vault: Vault
    actor: Actor
    agent: str = ""
    device: str = ""
    previous: LoginSession | None = None
    adds: bool = False


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


def sign_in(session: Session, login: str, text: str, around: Around, code: str = "") -> Outcome:
    """Sign somebody in with a login and a password, or refuse, in the caller's transaction.

    ``code`` is that of a factor, which ``Refusal.NETWORK`` asks for. The work is the same for every login: a budget,
    one look-up, one Argon2 hash (or a bind where a directory keeps the password).
    """
    account, tried = throttle.account_key(around.vault, login, around.device), throttle.account_key(around.vault, login)
    where = network.key(around.settings, around.vault, around.actor.address)
    there = network.look(session, where, tried)
    spent = None if around.device else there.spent_until
    if spent is not None and not code:
        _write(session, "signin:password:throttled", around, tried, by="network")
        return Outcome(refusal=Refusal.NETWORK, again_at=spent)
    made = throttle.begin(session, account)
    if made.again_at is not None:
        _write(session, "signin:password:throttled", around, account)
        return Outcome(refusal=Refusal.THROTTLED, again_at=made.again_at)
    known = credentials.find(session, login)
    way = "ldap" if known and known.data("directory") and not known.data("password") else "password"
    try:
        proof = _bind(session, known, text) if way == "ldap" and known else _compare(session, known, text, around)
    except directory_bind.DirectoryDown:
        throttle.forgive(session, made)
        return Outcome(refusal=Refusal.DIRECTORY_DOWN)
    factor = _factor(session, known, code, around) if known and proof and spent is not None else None
    if proof is None or known is None or (spent is not None and factor is None):
        network.failed(session, where, tried)
        _write(session, f"signin:{way}:refused", around, account, known.person_id if known else None)
        return Outcome(refusal=Refusal.MISMATCH if spent is None else Refusal.NOT_ALL)
    throttle.forgive(session, made)
    if there.noted:
        network.got_in(session, where, tried)
    return _enter(session, known, around, way, proof, factor)


def _enter(session: Session, known: Known, around: Around, way: str, proof: str, factor: str | None) -> Outcome:
    amr = ("pwd",) if factor is None else ("pwd", "otp", "mfa")
    marks = [] if factor is None else [proofs.mark(factor, clock.now())]
    outcome = enter(session, known, around, f"signin:{way}:accepted", amr, proof=proof, factors=marks)
    if factor is not None and outcome.person_id is not None:
        envelope = {"way": factor, "acr": outcome.acr, "address": around.actor.address}
        log.write(session, "signin:factor:accepted", around.actor, subject_id=known.person_id, envelope=envelope)
    # Of a directory beyond its reach nobody learns more than that it did not do.
    return replace(outcome, refusal=Refusal.MISMATCH) if outcome.refusal is Refusal.OUTSIDE else outcome


def _factor(session: Session, known: Known, code: str, around: Around) -> str | None:
    """Return the factor whose code this is, used up by this; None when it is none."""
    if totp.check(session, around.vault, known.person_id, code):
        return proofs.TOTP
    return proofs.RECOVERY if recovery.use(session, around.vault, known.person_id, code) else None


def enter(
    session: Session,
    known: Known,
    around: Around,
    event: str,
    amr: Sequence[str] = ("pwd",),
    *,
    proof: str = OWN,
    connection_id: UUID | None = None,
    factors: Sequence[str] = (),
) -> Outcome:
    """Start a login session for somebody whom ``proof`` has proved; refused when their access has ended, or the proof
    is not for them.

    Whatever session the browser had ends: a new sign-in has a new secret (security SE-02). ``amr`` is what was really
    done, ``connection_id`` by which connection, ``factors`` the marks of factors that were proved by it
    (``signin.proof``).
    """
    archive = timedelta(days=around.settings.lifecycle.archive_days)
    if state_of(session, known.person_id, clock.now(), archive) in (State.SUSPENDED, State.ARCHIVED):
        return _refused(session, known, around, Refusal.ENDED, "signin:session:refused")
    if not reach.lets_in(session, proof, known.person_id):
        return _refused(session, known, around, Refusal.OUTSIDE, "signin:proof:refused", proof=proof)
    if around.adds and around.previous is not None and around.previous.person_id == known.person_id:
        return _added(session, known, around, around.previous, event, amr, [proof, *factors])
    who = Actor(known.person_id, around.actor.request_id, around.actor.address)
    if around.previous is not None:
        ending.end(session, who, "replaced", around.previous.person_id, around.previous.id)
    acr, life = levels.acr_of(amr), session_policy.life(session, known.person_id, around.settings.tokens, clock.now())
    row, secret = login_sessions.start(
        session,
        known.person_id,
        life,
        acr=acr,
        amr=amr,
        agent=around.agent,
        proofs=[proof, *factors],
        connection_id=connection_id,
    )
    log.write(session, event, who, subject_id=known.person_id, envelope={"address": who.address})
    log.write(session, "signin:session:started", who, subject_id=known.person_id, envelope={"session": str(row.id)})
    return Outcome(known.person_id, secret, known.login, known.language, acr)


def _refused(session: Session, known: Known, around: Around, refusal: Refusal, event: str, **more: str) -> Outcome:
    envelope = {"address": around.actor.address} | more
    log.write(session, event, around.actor, subject_id=known.person_id, envelope=envelope)
    return Outcome(refusal=refusal)


def _added(
    session: Session,
    known: Known,
    around: Around,
    login: LoginSession,
    event: str,
    amr: Sequence[str],
    added: Sequence[str],
) -> Outcome:
    """Let the session go on with one proof more and another secret.

    It is as sure as what was done for the proof that opens most: what another owner's provider did does not count
    beyond it.
    """
    now, proof = levels.acr_of(amr), added[0]
    weaker = OWN not in (proof, *login.proofs) and levels.reaches(now, login.acr)
    kept = login.amr if weaker or (OWN in login.proofs and proof != OWN) else amr
    proofs, acr = list(dict.fromkeys([*login.proofs, *added])), levels.acr_of(kept)
    value = login_sessions.renew(session, login.id, acr=acr, amr=kept, proofs=proofs)
    if value is None:
        return Outcome(refusal=Refusal.ENDED)
    who = Actor(known.person_id, around.actor.request_id, around.actor.address)
    log.write(session, event, who, subject_id=known.person_id, envelope={"address": who.address})
    envelope = {"session": str(login.id), "proof": proof}
    log.write(session, "signin:session:proved", who, subject_id=known.person_id, envelope=envelope)
    return Outcome(known.person_id, value, known.login, known.language, acr)


def _compare(session: Session, known: Known | None, text: str, around: Around) -> str | None:
    stored = known.data("password") if known else None
    checked = password.verify(around.vault, stored["hash"] if stored else None, text)
    if known is not None and checked.rehash is not None:
        credentials.set_hash(session, known.person_id, checked.rehash)
    return OWN if checked.right else None


def _bind(session: Session, known: Known, text: str) -> str | None:
    source_id = directory_bind.accepts(session, known.data("directory") or {}, known.login, text)
    return None if source_id is None else reach.of_source(source_id)


def _write(
    session: Session, event: str, around: Around, account: bytes, person_id: UUID | None = None, **more: str
) -> None:
    # The account is told by its keyed hash, so that tries can be counted together without the login being kept.
    envelope = {"account": account.hex()[:16], "address": around.actor.address} | more
    log.write(session, event, around.actor, subject_id=person_id, envelope=envelope)
