"""What the worker does about addresses: it compares them with what is told, and tells an old one of the new.

The mail names neither address: whoever reads it at the old one learns only that there is another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from iam.delivery.mail import Carrier
from iam.delivery.outbox import Due
from iam.jobs import Outcome, Send, Verdict
from iam.settings import Settings
from iam.signin.accounts.account import Account
from iam.signin.addresses import change as addresses, person_mail
from iam.signin.addresses.address import SignInAddress
from iam.texts import N_

_SUBJECT = N_("Another e-mail address was told to %(service)s")
_MAIL = (
    N_("Hello, %(name)s."),
    N_("Another e-mail address than this was told to us for your username %(login)s."),
    N_("One-time codes for a forgotten password go to the new address from %(time)s on."),
    N_("If the new address is yours, do nothing. If it is not, tell your organisation's help desk before that time."),
)
_DONE = Outcome(Verdict.DELIVERED)


@dataclass(frozen=True, slots=True)
class Telling:
    """The handler of ``addresses.CHANGED``: tells the old address."""

    settings: Settings
    carrier: Carrier | None

    def __call__(self, session: Session, due: Due) -> Send:
        """Write the mail, unless there is nobody to send it to."""
        old, new = (session.get(SignInAddress, UUID(due.payload[name])) for name in ("old", "new"))
        if self.carrier is None or old is None or new is None:
            return lambda: person_mail.NOTHING
        mail = person_mail.write(
            session,
            self.settings,
            old.person_id,
            old.address,
            _SUBJECT,
            _MAIL,
            lambda texts: {"time": texts.moment(new.usable_from)},
        )
        return partial(person_mail.carry, self.carrier, mail)


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
    """The chore that compares everybody's address in turn, some at a time: what a run touches is only a part of what
    changes them."""

    wait: timedelta
    _after: UUID | None = field(default=None)

    def __call__(self, session: Session) -> int:
        """Compare the next some; return how many had changed."""
        query = select(Account.person_id).order_by(Account.person_id).limit(addresses.MANY)
        ids = session.scalars(query.where(Account.person_id > self._after) if self._after else query).all()
        self._after = ids[-1] if len(ids) == addresses.MANY else None
        return addresses.follow(session, ids, self.wait) if ids else 0
