"""A forgotten password: who asks gets a one-time code by mail, to the address in force (``addresses``).

Asking leaves one message in the outbox, for known and unknown logins alike (security AU-06): the message names the
person or nobody, and never the code. The code is made when the worker sends it, so that its time begins then. The mail
holds the code and the plain address of the page to type it on, made from the issuer of the settings and never from a
request (AU-08, C-34); no secret is in any address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from iam import clock
from iam.audit import log
from iam.delivery import outbox
from iam.delivery.mail import Carrier, Mail
from iam.delivery.outbox import Due
from iam.directory.queries import profile
from iam.jobs import Outcome, Send, Verdict
from iam.lifecycle.states import State, state_of
from iam.settings import Settings
from iam.signin.accounts.account import normal
from iam.signin.addresses import change as addresses, person_mail
from iam.signin.codes import first_code, words as code_words
from iam.signin.codes.words import Slip
from iam.signin.flow import Around
from iam.signin.passwords import credentials, throttle
from iam.signin.passwords.credentials import Known
from iam.signin.passwords.throttle import Try
from iam.vault import Vault

KIND = "mail"
"""Kind of the outbox's messages."""
MOST: throttle.Limits = ((timedelta(hours=1), 3),)
"""Mails that one account is sent in any such time."""
_LATE = Outcome(Verdict.REFUSED, "too late: the person waits no longer")


def ask(session: Session, login: str, language: str, around: Around) -> None:
    """Note that somebody forgot the password of ``login``; ``language`` is the page's, for a person who has chosen
    none.

    The same is done whether anybody has the login. Beyond ``throttle.LIMITS`` nothing is left to be sent.
    """
    account = around.vault.mac("mail asked", "", normal(login))
    made = throttle.begin(session, account, throttle.LIMITS)
    known = credentials.find(session, login)
    person_id = known.person_id if known else None
    envelope = {
        "account": account.hex()[:16],
        "address": around.actor.address,
        "slowed": made.again_at is not None,
    }
    log.write(session, "signin:mail:asked", around.actor, subject_id=person_id, envelope=envelope)
    if made.again_at is None:
        payload = {"person": str(person_id) if person_id else None, "language": language}
        outbox.leave(session, KIND, [(person_mail.TARGET, payload)])


class _Written(NamedTuple):
    """A mail that is ready, and the count it was made under."""

    mail: Mail
    counted: Try


@dataclass(frozen=True, slots=True)
class CodeByMail:
    """The handler of ``KIND``. It makes the code in a transaction of its own, and only then speaks to the mail
    server."""

    sessions: sessionmaker[Session]
    settings: Settings
    vault: Vault
    carrier: Carrier | None

    def __call__(self, session: Session, due: Due) -> Send:
        """Make the code of a message and write the mail, unless there is nobody to send it to; ``session`` only reads
        and is left alone."""
        carrier = self.carrier
        if carrier is None or due.payload["person"] is None:
            return lambda: person_mail.NOTHING
        if clock.now() >= due.created_at + timedelta(seconds=self.settings.tokens.mail_code_seconds):
            return lambda: _LATE
        with self.sessions.begin() as own:
            written = self._write(own, UUID(due.payload["person"]), due.payload["language"])
        if written is None:
            return lambda: person_mail.NOTHING
        return lambda: self._send(carrier, written)

    def _send(self, carrier: Carrier, written: _Written) -> Outcome:
        outcome = person_mail.carry(carrier, written.mail)
        if outcome.verdict is not Verdict.DELIVERED:
            with self.sessions.begin() as session:
                throttle.forgive(session, written.counted)
        return outcome

    def _write(self, session: Session, person_id: UUID, language: str) -> _Written | None:
        known = credentials.of_person(session, person_id)
        if known is None or not self._may_reset(session, known):
            return None
        addresses.follow(session, [person_id], timedelta(days=self.settings.signin.address_days))
        to = addresses.usable(session, person_id, clock.now())
        if to is None:
            return None
        made = throttle.begin(session, self.vault.mac("mail sent", "", str(person_id)), MOST)
        if made.again_at is not None:
            return None
        issued = first_code.issue_by_mail(session, self.vault, self.settings, known)
        slip = Slip(profile(session, person_id).display_name, known.login, known.language or language, issued)
        return _Written(code_words.mail(slip, to, self.settings), made)

    def _may_reset(self, session: Session, known: Known) -> bool:
        """Whether the person may come in at all, and by a password that is kept here rather than in a directory."""
        archive = timedelta(days=self.settings.lifecycle.archive_days)
        state = state_of(session, known.person_id, clock.now(), archive)
        kept_elsewhere = known.data("directory") is not None and known.data("password") is None
        return state not in (State.SUSPENDED, State.ARCHIVED) and not kept_elsewhere
