"""Stepping up: what a person can prove besides the first factor, what comes next, and the login session that follows.

A step-up keeps the session and changes its secret: the old cookie is worth nothing at once (security SE-02), while what
applications were given, and the ``sid`` they know the session by, lives on under the same roof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.errors import Denied
from iam.signin.accounts.factor import Passkey, Totp
from iam.signin.addresses import notices
from iam.signin.factors import levels, passkey, proof, recovery, replacement, totp
from iam.signin.flow import Around, Outcome, Refusal
from iam.signin.passwords import credentials, throttle
from iam.tokens import session as login_sessions
from iam.tokens.session import OWN, LoginSession
from iam.vault import Vault

RECENT = proof.RECENT


class Next(StrEnum):
    """What comes next at a door that asks for more: through, prove a factor, set one up, or sign in again."""

    THROUGH = "through"
    ASK = "ask"
    SET_UP = "set up"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Held:
    """What a person has set up; ``waits``: something new waits to replace what was lost."""

    totp: bool = False
    passkeys: int = 0
    codes: int = 0
    waits: bool = False

    def __bool__(self) -> bool:
        return self.totp or self.passkeys > 0

    @property
    def strongest(self) -> str | None:
        """The way (``proof``) of the strongest factor there is; None where there is none."""
        return proof.PASSKEY if self.passkeys else proof.TOTP if self.totp else None

    @property
    def kinds(self) -> list[str]:
        """The ways of what there is, the strongest first; recovery codes aside."""
        return [way for way, there in ((proof.PASSKEY, self.passkeys > 0), (proof.TOTP, self.totp)) if there]

    def reaches(self, least: str | None) -> bool:
        """Whether proving one of them can reach a level."""
        return self.passkeys > 0 or (self.totp and levels.reaches(levels.TWO_FACTOR, least))


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a code: the session's outcome when it was right, or a refusal with the instant to try again."""

    outcome: Outcome | None = None
    refusal: Refusal | None = None
    again_at: datetime | None = None


def held(session: Session, person_id: UUID) -> Held:
    """Return what a person has set up, with what has come into force in place of what was lost."""
    found, is_due = _read(session, person_id)
    if not is_due:
        return found
    replacement.put_in_force(session, person_id)
    return _read(session, person_id)[0]


def _read(session: Session, person_id: UUID) -> tuple[Held, bool]:
    """Return what the person has set up, and whether anything is to come into force before that counts; one
    statement."""
    keys = select(func.count()).where(Passkey.person_id == person_id).scalar_subquery()
    codes = exists().where(Totp.person_id == person_id, Totp.confirmed_at.is_not(None))
    due, waits = replacement.is_due(person_id), replacement.waits(person_id)
    row = session.execute(select(codes, keys, recovery.unused(person_id), waits, due)).one()
    return Held(bool(row[0]), row[1], row[2], bool(row[3])), bool(row[4])


def next_step(has: Held, acr: str, age: timedelta, least: str | None, fresh: bool) -> Next:
    """Return what comes next for a session of level ``acr`` whose last proof is ``age`` old; ``fresh`` asks for a
    recent one."""
    recent = age <= RECENT
    if levels.reaches(acr, least) and (recent or not fresh):
        return Next.THROUGH
    if has and (has.reaches(least) or not (recent and levels.reaches(acr, levels.TWO_FACTOR))):
        return Next.ASK
    # Without a factor of the level asked for, one may be set up right after what there is was proved.
    return Next.SET_UP if recent else Next.AGAIN


def next_proof(has: Held, proofs: Iterable[str], way: str, at: datetime) -> Next:
    """Return what comes next where a recent proof by one ``way`` (``proof``) is asked. A factor that the person lacks
    is set up; a recovery code is not asked of who has no factor that it could replace."""
    if proof.lately(proofs, way, at):
        return Next.THROUGH
    if way == proof.RECOVERY:
        return Next.ASK if has else Next.THROUGH
    return Next.ASK if way in has.kinds else Next.SET_UP


def unproved(login: LoginSession, least: str) -> str | None:
    """Return the way (``proof``; empty: any) by which a session must prove anew that it reaches ``least``; None when it
    did lately.

    A time code makes no passkey fresh that was proved some time ago.
    """
    now = clock.now()
    if least == levels.PASSKEY:
        return None if proof.lately(login.proofs, proof.PASSKEY, now) else proof.PASSKEY
    return None if now - login.auth_time <= RECENT else ""


def may_change(has: Held, login: LoginSession, at: datetime) -> bool:
    """Whether this session may change what the person signs in with: by a recent proof of their strongest factor.

    Who has no factor yet sets the first one up after a recent sign-in in any way. What an upstream provider tells of
    its own factors does not count.
    """
    way = has.strongest
    return proof.lately(login.proofs, way, at) if way else at - login.auth_time <= RECENT


def may_change_password(has: Held, login: LoginSession, at: datetime) -> bool:
    """Whether this session may set another password: after a recent proof, by a further factor where there is one."""
    least = levels.TWO_FACTOR if has else None
    return next_step(has, login.acr, at - login.auth_time, least, fresh=True) is Next.THROUGH


def may_replace(has: Held, login: LoginSession, at: datetime) -> bool:
    """Whether this session may replace what was lost: by a recovery code of the last minutes, where there is something
    to replace."""
    return bool(has) and proof.lately(login.proofs, proof.RECOVERY, at)


def by_code(session: Session, login: LoginSession, way: str, code: str, around: Around) -> Done:
    """Step up with a time code (``way`` totp) or a recovery code (``way`` recovery); failures spend the password's own
    budget."""
    made = throttle.begin(session, _budget(session, login.person_id, around))
    if made.again_at is not None:
        return Done(refusal=Refusal.THROTTLED, again_at=made.again_at)
    right = (totp.check if way == "totp" else recovery.use)(session, around.vault, login.person_id, code)
    if not right:
        refused(session, login, way, around.actor)
        return Done(refusal=Refusal.MISMATCH)
    throttle.forgive(session, made)
    return Done(done(session, login, ("otp", "mfa"), around, way))


def confirm_totp(session: Session, login: LoginSession, code: str, around: Around) -> Done:
    """Take a time code into use that was just set up, and step up with it."""
    if not totp.confirm(session, around.vault, login.person_id, code):
        return Done(refusal=Refusal.MISMATCH)
    enrolled(session, login, "totp", around.actor)
    return Done(done(session, login, ("otp", "mfa"), around, "totp"))


def done(session: Session, login: LoginSession, amr_added: Iterable[str], around: Around, way: str) -> Outcome:
    """Raise the session to what was now proved and return it with a new secret for the cookie; the old one is dead at
    once.

    The session keeps its beginning and its end; the last proof is of now. Refused when the session ended meanwhile.
    """
    amr = list(dict.fromkeys([*login.amr, *amr_added]))
    acr = levels.acr_of(amr)
    # A passkey is the person's own wherever they work; a code beside another's word is as good as that word.
    own = list(dict.fromkeys([*login.proofs, OWN])) if way == "passkey" else login.proofs
    proofs = proof.marked(own, way, clock.now())
    value = login_sessions.renew(session, login.id, acr=acr, amr=amr, proofs=proofs)
    if value is None:
        return Outcome(refusal=Refusal.ENDED)
    envelope = {"session": str(login.id), "way": way, "acr": acr, "address": around.actor.address}
    log.write(session, "signin:factor:accepted", around.actor, subject_id=login.person_id, envelope=envelope)
    known = credentials.whoever(session, login.person_id)
    return Outcome(login.person_id, value, known.login, known.language, acr)


def refused(session: Session, login: LoginSession, way: str, actor: Actor, reason: str = "mismatch") -> None:
    """Write that a factor did not hold."""
    envelope = {"way": way, "reason": reason, "address": actor.address}
    log.write(session, "signin:factor:refused", actor, subject_id=login.person_id, envelope=envelope)


def enrolled(session: Session, login: LoginSession, way: str, actor: Actor) -> None:
    """Write that something was set up. What waited to replace a lost one of its kind is not needed any more."""
    replacement.stop(session, login.person_id, actor, way)
    log.write(session, "signin:factor:enrolled", actor, subject_id=login.person_id, envelope={"way": way})


def new_codes(session: Session, vault: Vault, login: LoginSession, actor: Actor) -> list[str]:
    """Return new recovery codes, to be shown once; the old ones are void."""
    enrolled(session, login, "recovery", actor)
    return recovery.renew(session, vault, login.person_id)


def remove(session: Session, login: LoginSession, actor: Actor, passkey_id: UUID | None = None) -> bool:
    """Remove a passkey, or the time code when none is named; return whether it was there. With the last factor the
    recovery codes go."""
    person_id = login.person_id
    way, gone = (
        ("passkey", bool(passkey.remove(session, person_id, passkey_id)))
        if passkey_id
        else ("totp", totp.remove(session, person_id))
    )
    if not gone:
        return False
    log.write(session, "signin:factor:removed", actor, subject_id=person_id, envelope={"way": way})
    replacement.stop(session, person_id, actor, way)
    replacement.forget_devices(session, [person_id])
    if not held(session, person_id):
        recovery.forget(session, person_id)
    return True


def reset(session: Session, person_id: UUID, actor: Actor, told: Mapping[str, Any] | None = None) -> bool:
    """Remove every factor of a person, for an administrator; return whether there was any. The caller ends their
    sessions.

    ``told`` is kept with the event. Raises ``Denied`` for the actor's own factors: a second person resets those.
    """
    if actor.person_id == person_id:
        raise Denied(Problem("Nobody resets their own second factor.", "Ask another administrator."))
    replacement.stop(session, person_id, actor)
    has = held(session, person_id)
    if not has and not has.codes:
        return False
    passkey.remove(session, person_id)
    totp.remove(session, person_id)
    recovery.forget(session, person_id)
    replacement.forget_devices(session, [person_id])
    envelope = {"totp": has.totp, "passkeys": has.passkeys} | dict(told or {})
    log.write(session, "signin:factor:reset", actor, subject_id=person_id, envelope=envelope)
    notices.tell(session, person_id, notices.FACTORS)
    return True


def _budget(session: Session, person_id: UUID, around: Around) -> bytes:
    known = credentials.whoever(session, person_id, str(person_id))
    return throttle.account_key(around.vault, known.login, around.device)
