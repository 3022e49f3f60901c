"""One-time codes: an administrator gives somebody a way in, and they choose a password of their own.

The code is short, so it is stored under a keyed hash together with the login, lives half an hour, works once, and wrong tries spend the
same budget as wrong passwords. Using it gives a handle for this browser alone; the handle sets the password (security AU-08, AU-09).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.errors import NotFound
from iam.settings import Settings
from iam.signin import credentials, ending, password, throttle
from iam.signin.account import normal
from iam.signin.credentials import Known
from iam.signin.flow import Around, Outcome, Refusal, enter
from iam.tokens import one_shot
from iam.vault import Vault

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Letters and digits that are not mistaken for one another on paper."""
LENGTH, GROUP = 10, 5
_KIND, _HANDLE = "first-code", "new-password"
_HANDLE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Issued:
    """A code to hand over, in groups ("7KMPQ-R3XYZ"), and when it stops working."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What became of a code or a new password: the handle to go on with, who it is, a refusal, or what is wrong."""

    handle: str = ""
    known: Known | None = None
    refusal: Refusal | None = None
    again_at: datetime | None = None
    problems: tuple[Problem, ...] = ()
    outcome: Outcome | None = None


def issue(session: Session, vault: Vault, settings: Settings, login: str, actor: Actor) -> Issued:
    """Make a code for ``login`` and make earlier ones useless; raises ``NotFound`` when nobody has that login."""
    known = credentials.find(session, login)
    if known is None:
        raise NotFound(Problem("Nobody has this login.", "Check its spelling."))
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    seconds = settings.tokens.first_code_seconds
    one_shot.forget(session, _KIND, known.person_id)
    one_shot.issue(session, _KIND, seconds, {}, person_id=known.person_id, text=_stored(vault, login, code))
    log.write(session, "signin:code:issued", actor, subject_id=known.person_id)
    return Issued(f"{code[:GROUP]}-{code[GROUP:]}", clock.now() + timedelta(seconds=seconds))


def redeem(session: Session, login: str, code: str, browser: str, around: Around) -> Step:
    """Use a code up; the handle it gives works in ``browser`` (``web.flow.browser``) for ten minutes."""
    account = throttle.account_key(around.vault, login, around.device)
    made = throttle.begin(session, account)
    if made.again_at is not None:
        return Step(refusal=Refusal.THROTTLED, again_at=made.again_at)
    row = one_shot.consume(session, _KIND, _stored(around.vault, login, code))
    known = credentials.of_person(session, row.person_id) if row is not None and row.person_id is not None else None
    if known is None:
        envelope = {"account": account.hex()[:16], "address": around.actor.address}
        log.write(session, "signin:code:refused", around.actor, envelope=envelope)
        return Step(refusal=Refusal.MISMATCH)
    throttle.forgive(session, made)
    return Step(_handle(session, known, browser), known)


def choose(session: Session, handle: str, text: str, browser: str, around: Around) -> Step:
    """Set the password that the holder of ``handle`` chose, end every session they had, and sign them in.

    ``problems`` with a fresh handle when the password breaks a rule; ``MISMATCH`` when the handle is no good here.
    """
    row = one_shot.consume(session, _HANDLE, handle)
    known = credentials.of_person(session, row.person_id) if row is not None and row.person_id is not None else None
    if row is None or known is None or row.data.get("browser") != _mark(browser):
        return Step(refusal=Refusal.MISMATCH)
    wrong = password.problems(text, credentials.own_words(session, known, around.settings.consortium))
    if wrong:
        return Step(_handle(session, known, browser), known, problems=tuple(wrong))
    who = Actor(known.person_id, around.actor.request_id, around.actor.address)
    credentials.set_password(session, around.vault, known.person_id, text, who)
    ending.end(session, who, "password set", known.person_id)
    outcome = enter(session, known, around, "signin:code:used")
    return Step(known=known, refusal=outcome.refusal, outcome=outcome)


def _handle(session: Session, known: Known, browser: str) -> str:
    value = "avf_" + secrets.token_urlsafe(32)
    data = {"browser": _mark(browser)}
    return one_shot.issue(session, _HANDLE, _HANDLE_SECONDS, data, person_id=known.person_id, text=value)


def _mark(browser: str) -> str:
    return sha256(browser.encode()).hexdigest()


def _stored(vault: Vault, login: str, code: str) -> str:
    plain = re.sub(r"[^0-9A-Z]", "", code.upper())
    return vault.mac(_KIND, normal(login), plain).hex()
