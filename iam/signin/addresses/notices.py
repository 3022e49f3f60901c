"""Telling a person by mail what an administrator did to their account, at an address older than the act.

The act leaves one message in its own transaction; the worker finds the address when it sends. The mail holds no secret
and no link.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, sessionmaker

from iam import clock
from iam.delivery import outbox
from iam.delivery.mail import Carrier, Mail, is_address
from iam.delivery.outbox import Due
from iam.jobs import Send
from iam.settings import Settings
from iam.signin.addresses import change as addresses, person_mail, sources as address_sources
from iam.signin.addresses.address import SignInAddress
from iam.signin.passwords import credentials
from iam.texts import N_, Texts

KIND = "notice"
"""Kind of the outbox's messages."""
CODE, FACTORS, ENDED, RESTORED, USERNAME = "code", "factors", "ended", "restored", "username"
ACTS = {
    CODE: N_("A one-time code was given for your account."),
    FACTORS: N_("Your second factors were removed."),
    ENDED: N_("Your access was ended."),
    RESTORED: N_("Your access was given back."),
    USERNAME: N_("Your username was changed; you sign in with the new one from now on."),
}
"""What is told, by act."""
_TEXT = (
    N_("Hello, %(name)s."),
    N_("An administrator did something to your account (username %(login)s) on %(time)s:"),
    "    %(act)s",
    N_("If you know nothing of this, tell your school's office, your manager or the help desk at once."),
)
_SUBJECT = N_("Your account in %(service)s")


def tell(session: Session, person_id: UUID, act: str) -> None:
    """Note in the act's own transaction that the person is to be told of it; ``act`` is one of ``ACTS``."""
    payload = {"person": str(person_id), "act": act, "at": clock.now().isoformat()}
    outbox.leave(session, KIND, [(person_mail.TARGET, payload)])


def address_before(session: Session, person_id: UUID, at: datetime) -> str | None:
    """Return the address that was the person's before ``at``: what is changed together with an account tells its new
    holder nothing.

    Of somebody whose addresses nobody has looked at yet it is the one that is told now.
    """
    if session.scalar(select(exists().where(SignInAddress.person_id == person_id))):
        return addresses.older(session, person_id, at)
    told = address_sources.told(session, [person_id], clock.now()).get(person_id)
    return told.address if told is not None else None


def to_person(
    session: Session,
    settings: Settings,
    carrier: Carrier | None,
    person_id: UUID,
    subject: str,
    paragraphs: Sequence[str],
    said: Callable[[Texts], Mapping[str, str]],
) -> Send:
    """Write a mail to the address that a person has now (``person_mail.write``), to be handed over; nothing is sent
    where there is no mail server or no address. ``session`` only reads."""
    to = address_before(session, person_id, clock.now()) or ""
    if carrier is None or not is_address(to):
        return lambda: person_mail.NOTHING
    mail = person_mail.write(session, settings, person_id, to, subject, paragraphs, said)
    return partial(person_mail.carry, carrier, mail)


@dataclass(frozen=True, slots=True)
class Notice:
    """The handler of ``KIND``."""

    sessions: sessionmaker[Session]
    settings: Settings
    carrier: Carrier | None

    def __call__(self, session: Session, due: Due) -> Send:
        """Write the mail of a message, unless there is nowhere to send it to; ``session`` only reads."""
        carrier = self.carrier
        if carrier is None:
            return lambda: person_mail.NOTHING
        with self.sessions() as own:
            mail = self._write(own, due.payload)
        return (lambda: person_mail.carry(carrier, mail)) if mail is not None else (lambda: person_mail.NOTHING)

    def _write(self, session: Session, payload: Any) -> Mail | None:
        person_id, at = UUID(payload["person"]), datetime.fromisoformat(payload["at"])
        address, act = address_before(session, person_id, at), ACTS[payload["act"]]
        if credentials.of_person(session, person_id) is None or not is_address(address or ""):
            return None
        return person_mail.write(
            session,
            self.settings,
            person_id,
            str(address),
            _SUBJECT,
            _TEXT,
            lambda texts: {"time": texts.moment(at), "act": texts.gettext(act)},
        )
