"""What the worker does about addresses: it compares them with what is told, and tells an old one of the new.

The mail names neither address: whoever reads it at the old one learns only that there is another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from iam.directory.queries import profile
from iam.errors import Unavailable
from iam.jobs import Outcome, Send, Verdict
from iam.mail import Carrier, Mail, Refused
from iam.outbox import Due
from iam.settings import Settings
from iam.signin import addresses, credentials
from iam.signin.account import Account
from iam.signin.address import SignInAddress
from iam.texts import LANGUAGES, N_, Texts

_SUBJECT = N_("Another e-mail address was told to %(service)s")
_MAIL = (
    N_("Hello, %(name)s."),
    N_("Another e-mail address than this was told to us for your username %(login)s."),
    N_("One-time codes for a forgotten password go to the new address from %(time)s on."),
    N_("If the new address is yours, do nothing. If it is not, tell your organisation's help desk before that time."),
)
_DONE = Outcome(Verdict.DELIVERED)
_NOTHING = Outcome(Verdict.DELIVERED, "nothing to send")


@dataclass(frozen=True, slots=True)
class Telling:
    """The handler of ``addresses.CHANGED``: tells the old address."""

    settings: Settings
    carrier: Carrier | None

    def __call__(self, session: Session, due: Due) -> Send:
        """Write the mail, unless there is nobody to send it to."""
        old, new = (session.get(SignInAddress, UUID(due.payload[name])) for name in ("old", "new"))
        if self.carrier is None or old is None or new is None:
            return lambda: _NOTHING
        return partial(_send, self.carrier, self._mail(session, old, new))

    def _mail(self, session: Session, old: SignInAddress, new: SignInAddress) -> Mail:
        known = credentials.of_person(session, old.person_id)
        login, language = (known.login, known.language) if known else ("", None)
        texts = Texts(language if language in LANGUAGES else LANGUAGES[0], ZoneInfo(self.settings.zone))
        name = profile(session, old.person_id).display_name or login
        values = {"name": name, "login": login, "time": texts.moment(new.usable_from)}
        text = "\n\n".join(texts.gettext(paragraph) % values for paragraph in _MAIL)
        subject = texts.gettext(_SUBJECT) % {"service": self.settings.consortium}
        return Mail(old.address, subject, f"{text}\n\n{self.settings.consortium}\n")


def _send(carrier: Carrier, mail: Mail) -> Outcome:
    try:
        carrier.send(mail)
    except Unavailable as error:
        return Outcome(Verdict.REFUSED if isinstance(error, Refused) else Verdict.FAILED, str(error))
    return _DONE


@dataclass(frozen=True, slots=True)
class Comparing:
    """The handler of ``addresses.TOUCHED``; it works in a transaction of its own, and sends nothing."""

    sessions: sessionmaker[Session]
    wait: timedelta

    def __call__(self, session: Session, due: Due) -> Send:
        """Compare the addresses of the persons whom a message names; ``session`` only reads and is left alone."""
        with self.sessions.begin() as own:
            addresses.follow(own, [UUID(one) for one in due.payload["persons"]], self.wait)
        return lambda: _DONE


@dataclass(slots=True)
class Round:
    """The chore that compares everybody's address in turn, some at a time: what a run touches is only a part of what changes them."""

    wait: timedelta
    _after: UUID | None = field(default=None)

    def __call__(self, session: Session) -> int:
        """Compare the next some; return how many had changed."""
        query = select(Account.person_id).order_by(Account.person_id).limit(addresses.MANY)
        ids = session.scalars(query.where(Account.person_id > self._after) if self._after else query).all()
        self._after = ids[-1] if len(ids) == addresses.MANY else None
        return addresses.follow(session, ids, self.wait) if ids else 0
