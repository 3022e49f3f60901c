"""One-time codes: a way in for who has no password, or has forgotten it; with one they choose a password of their own.

An administrator hands one over (alone, or *together* with something the person already has: ``prove``), a printed
letter brings it, or a mail that the person asked for (``forgotten``). The code is short, so it is stored under a keyed
hash together with the login, works once and for a time, and wrong tries spend the same budget as wrong passwords. It is
bound to the password that was there when it was made: when that changes, the code is worth nothing. Using it gives a
handle for this browser alone; the handle sets the password (security AU-08, AU-09).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import SYSTEM, Actor
from iam.errors import NotFound
from iam.settings import Settings
from iam.signin import new_password, step_up
from iam.signin.accounts import ending
from iam.signin.accounts.account import normal
from iam.signin.addresses import change as addresses, notices
from iam.signin.factors import levels, recovery, short_code, totp
from iam.signin.flow import Around, Outcome, Refusal, enter
from iam.signin.passwords import credentials, network, throttle
from iam.signin.passwords.credentials import Known
from iam.tokens import one_shot
from iam.tokens.session import OWN
from iam.vault import Vault

BY_HAND, BY_MAIL = "first-code", "mail-code"
"""Kinds of codes: whoever asks for a mail in somebody's name must not make useless what was handed or sent to them on
paper."""
OLD = timedelta(days=3)
"""For how long a person must have had an address before a code mailed to it stands beside one that an administrator
handed over."""
_HANDLE = "new-password"
_HANDLE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Issued:
    """A code to hand over, in groups ("7KMPQ-R3XYZ"), and when it stops working."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What became of a code or a new password: the handle to go on with, who it is, a refusal, or what is wrong.

    ``differs``: the password was not written the same twice. ``together``: the handle is for ``prove`` first.
    """

    handle: str = ""
    known: Known | None = None
    refusal: Refusal | None = None
    again_at: datetime | None = None
    problems: tuple[Problem, ...] = ()
    differs: bool = False
    together: bool = False
    outcome: Outcome | None = None


def issue(
    session: Session,
    vault: Vault,
    settings: Settings,
    login: str,
    actor: Actor,
    *,
    together: bool = False,
    told: Mapping[str, Any] | None = None,
) -> Issued:
    """Make a code for ``login`` to hand over and make earlier ones useless; raises ``NotFound`` when nobody has that
    login.

    ``together``: it works only with something that the person already has (``prove``). ``told`` is kept with the event.
    """
    known = credentials.find(session, login)
    if known is None:
        raise NotFound(Problem("Nobody has this login.", "Check its spelling."))
    envelope = _together(together) | dict(told or {})
    log.write(session, "signin:code:issued", actor, subject_id=known.person_id, envelope=envelope)
    notices.tell(session, known.person_id, notices.CODE)
    return _issue(session, vault, known, BY_HAND, settings.tokens.first_code_seconds, together=together)


def issue_by_mail(session: Session, vault: Vault, settings: Settings, known: Known) -> Issued:
    """Make a code to be sent to the person's own address and make those of earlier mails useless."""
    log.write(session, "signin:code:mailed", SYSTEM, subject_id=known.person_id)
    return _issue(session, vault, known, BY_MAIL, settings.tokens.mail_code_seconds)


def issue_on_paper(
    session: Session, vault: Vault, settings: Settings, logins: Mapping[UUID, str], actor: Actor
) -> dict[UUID, Issued]:
    """Make a code for each of many people who have no password yet and make earlier ones useless: a few statements in
    all."""
    seconds = timedelta(seconds=settings.tokens.letter_code_seconds)
    codes = {person_id: Issued(short_code.new(), clock.now() + seconds) for person_id in logins}
    texts = {person_id: _stored(vault, BY_HAND, logins[person_id], issued.code) for person_id, issued in codes.items()}
    one_shot.issue_many(session, BY_HAND, clock.now() + seconds, texts, {"password": credentials.password_mark(None)})
    log.write_each(session, "signin:code:printed", actor, codes)
    return codes


def redeem(session: Session, login: str, code: str, browser: str, around: Around) -> Step:
    """Use a code up; the handle it gives works in ``browser`` (``web.flow.browser``) for ten minutes.

    However many accounts failed in the network, this door stays open: who has the code that was sent to the person is
    the person.
    """
    account, tried = throttle.account_key(around.vault, login, around.device), throttle.account_key(around.vault, login)
    where = network.key(around.settings, around.vault, around.actor.address)
    made = throttle.begin(session, account)
    if made.again_at is not None:
        return Step(refusal=Refusal.THROTTLED, again_at=made.again_at)
    known, together = _whose(session, around.vault, login, code)
    if known is None:
        _refused(session, account, around)
        network.failed(session, where, tried)
        return Step(refusal=Refusal.MISMATCH)
    throttle.forgive(session, made)
    network.got_in(session, where, tried)
    together = together and not _proved_lately(known, around)
    return Step(_handle(session, known, browser, together), known, together=together)


def prove(session: Session, handle: str, code: str, browser: str, around: Around) -> Step:
    """Take, after a code that works only together with it, what the person already has: a time code, a recovery code or
    a mailed code.

    The handle that comes back sets the password; with a refusal it is for another try, and without one it was no good
    here.
    """
    row = one_shot.consume(session, _HANDLE, handle)
    known = _still(session, row)
    if row is None or known is None or row.data.get("browser") != _mark(browser) or not row.data.get("together"):
        return Step(refusal=Refusal.MISMATCH)
    account = throttle.account_key(around.vault, known.login, around.device)
    made = throttle.begin(session, account)
    if made.again_at is not None:
        again = _handle(session, known, browser, together=True)
        return Step(again, known, Refusal.THROTTLED, made.again_at, together=True)
    if not _has(session, known, code, around):
        _refused(session, account, around, known.person_id)
        return Step(_handle(session, known, browser, together=True), known, Refusal.MISMATCH, together=True)
    throttle.forgive(session, made)
    return Step(_handle(session, known, browser), known)


def choose(session: Session, handle: str, text: str, again: str, browser: str, around: Around) -> Step:
    """Set the password that the holder of ``handle`` chose, end every session they had, and sign them in.

    ``problems`` or ``differs`` with a fresh handle when the password breaks a rule or ``again`` is another;
    ``MISMATCH`` when the handle is no good here.
    """
    row = one_shot.consume(session, _HANDLE, handle)
    known = _still(session, row)
    if row is None or known is None or row.data.get("browser") != _mark(browser) or row.data.get("together"):
        return Step(refusal=Refusal.MISMATCH)
    wrong = new_password.problems(session, known, text, around.settings)
    if wrong or text != again:
        return Step(_handle(session, known, browser), known, problems=tuple(wrong), differs=not wrong)
    who = Actor(known.person_id, around.actor.request_id, around.actor.address)
    credentials.set_password(session, around.vault, known.person_id, text, who)
    ending.end(session, who, "password set", known.person_id)
    outcome = enter(session, known, around, "signin:code:used")
    return Step(known=known, refusal=outcome.refusal, outcome=outcome)


def _issue(session: Session, vault: Vault, known: Known, kind: str, seconds: int, *, together: bool = False) -> Issued:
    code, data = short_code.new(), {"password": credentials.password_mark(known)} | _together(together)
    one_shot.forget(session, kind, known.person_id)
    text = _stored(vault, kind, known.login, code)
    one_shot.issue(session, kind, seconds, data, person_id=known.person_id, text=text)
    return Issued(code, clock.now() + timedelta(seconds=seconds))


def _whose(session: Session, vault: Vault, login: str, code: str) -> tuple[Known | None, bool]:
    """Use a code of either kind up and return whose it was, and whether it works only together; None when it is no
    good."""
    for kind in (BY_HAND, BY_MAIL):
        row = one_shot.consume(session, kind, _stored(vault, kind, login, code))
        if row is not None:
            return _still(session, row), bool(row.data.get("together"))
    return None, False


def _has(session: Session, known: Known, code: str, around: Around) -> bool:
    """Whether the code is of something that the person already has; it is used up."""
    vault, person_id = around.vault, known.person_id
    if totp.check(session, vault, person_id, code) or recovery.use(session, vault, person_id, code):
        return True
    row = one_shot.consume(session, BY_MAIL, _stored(vault, BY_MAIL, known.login, code))
    return row is not None and _still(session, row) is not None and _address_is_old(session, person_id)


def _address_is_old(session: Session, person_id: UUID) -> bool:
    """Whether codes go to an address that was already in force days ago: whoever hands a code over today did not choose
    it."""
    now = clock.now()
    present = addresses.usable(session, person_id, now)
    return present is not None and present == addresses.older(session, person_id, now - OLD)


def _proved_lately(known: Known, around: Around) -> bool:
    """Whether this browser's session is the person's own, of a passkey proved here within the last minutes."""
    login = around.previous
    if login is None or login.person_id != known.person_id or OWN not in login.proofs:
        return False
    return login.acr == levels.PASSKEY and clock.now() - login.auth_time <= step_up.RECENT


def _refused(session: Session, account: bytes, around: Around, person_id: UUID | None = None) -> None:
    envelope = {"account": account.hex()[:16], "address": around.actor.address}
    log.write(session, "signin:code:refused", around.actor, subject_id=person_id, envelope=envelope)


def _still(session: Session, row: one_shot.Used | None) -> Known | None:
    """Return whose a used secret was; None when their password is no longer the one that it was made over."""
    known = credentials.of_person(session, row.person_id) if row is not None and row.person_id is not None else None
    return known if row is not None and row.data.get("password") == credentials.password_mark(known) else None


def _together(together: bool) -> dict[str, bool]:
    return {"together": True} if together else {}


def _handle(session: Session, known: Known, browser: str, together: bool = False) -> str:
    value = "avf_" + secrets.token_urlsafe(32)
    data = {"browser": _mark(browser), "password": credentials.password_mark(known)} | _together(together)
    return one_shot.issue(session, _HANDLE, _HANDLE_SECONDS, data, person_id=known.person_id, text=value)


def _mark(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _stored(vault: Vault, kind: str, login: str, code: str) -> str:
    return vault.mac(kind, normal(login), short_code.plain(code)).hex()
