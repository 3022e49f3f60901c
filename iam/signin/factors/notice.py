"""Telling a person by mail that a factor of theirs is being replaced, while there is time to stop it.

The mail goes to the address that was theirs when it began. It holds no secret; its one link is the plain address of *My
account*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from iam import clock
from iam.delivery import outbox
from iam.delivery.mail import Carrier, is_address
from iam.delivery.outbox import Due
from iam.jobs import Send
from iam.settings import Settings
from iam.signin.addresses import notices, person_mail
from iam.texts import N_

KIND = "factor-notice"
"""Kind of the outbox's messages."""
KINDS = {"passkey": N_("passkey"), "totp": N_("time codes")}
"""Kinds of factors in words, to be translated where they are shown."""
_MAIL = (
    N_("Hello, %(name)s."),
    N_(
        "Somebody, probably you, used a recovery code of the username %(login)s to replace a lost second "
        "factor: %(kind)s."
    ),
    N_("The new one comes into force on %(time)s. Until then the old one works."),
    N_("If it was not you, sign in with the old one before that and stop it on My account: %(page)s"),
    N_("If you cannot, ask your school's office, your manager or the help desk at once."),
)
_SUBJECT = N_("Your second factor is being replaced: %(service)s")


def leave(session: Session, person_id: UUID, kind: str, effective_at: datetime) -> None:
    """Note, in the transaction that began it, that the person is to be told; the address is the one they have now."""
    address = notices.address_before(session, person_id, clock.now())
    payload = {"person": str(person_id), "kind": kind, "until": effective_at.isoformat(), "to": address}
    outbox.leave(session, KIND, [(person_mail.TARGET, payload)])


@dataclass(frozen=True, slots=True)
class ByMail:
    """The handler of ``KIND``."""

    settings: Settings
    carrier: Carrier | None

    def __call__(self, session: Session, due: Due) -> Send:
        """Write the mail of a message, unless there is nowhere to send it to; ``session`` only reads."""
        carrier, to = self.carrier, due.payload["to"] or ""
        if carrier is None or not is_address(to):
            return lambda: person_mail.NOTHING
        kind, until = KINDS[due.payload["kind"]], datetime.fromisoformat(due.payload["until"])
        mail = person_mail.write(
            session,
            self.settings,
            UUID(due.payload["person"]),
            to,
            _SUBJECT,
            _MAIL,
            lambda texts: {
                "kind": texts.gettext(kind),
                "time": texts.moment(until),
                "page": f"{self.settings.issuer}/account",
            },
        )
        return lambda: person_mail.carry(carrier, mail)
