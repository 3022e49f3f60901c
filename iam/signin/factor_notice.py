"""Telling a person by mail that a factor of theirs is being replaced, while there is time to stop it.

The mail goes to the address that was theirs when it began. It holds no secret; its one link is the plain address of *My account*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from iam import clock, outbox
from iam.directory.queries import profile
from iam.errors import Unavailable
from iam.jobs import Outcome, Send, Verdict
from iam.mail import Carrier, Mail, Refused, is_address
from iam.outbox import Due
from iam.settings import Settings
from iam.signin import credentials, notices
from iam.texts import LANGUAGES, N_, Texts

KIND = "factor-notice"
"""Kind of the outbox's messages."""
TARGET = "mail server"
KINDS = {"passkey": N_("passkey"), "totp": N_("time codes")}
"""Kinds of factors in words, to be translated where they are shown."""
_MAIL = (
    N_("Hello, %(name)s."),
    N_(
        "Somebody, probably you, used a recovery code of the username %(login)s to replace a lost second factor: %(kind)s."
    ),
    N_("The new one comes into force on %(time)s. Until then the old one works."),
    N_("If it was not you, sign in with the old one before that and stop it on My account: %(page)s"),
    N_("If you cannot, ask your school's office, your manager or the help desk at once."),
)
_SUBJECT = N_("Your second factor is being replaced: %(service)s")
_NOTHING = Outcome(Verdict.DELIVERED, "nothing to send")


def leave(session: Session, person_id: UUID, kind: str, effective_at: datetime) -> None:
    """Note, in the transaction that began it, that the person is to be told; the address is the one they have now."""
    address = notices.address_before(session, person_id, clock.now())
    payload = {"person": str(person_id), "kind": kind, "until": effective_at.isoformat(), "to": address}
    outbox.leave(session, KIND, [(TARGET, payload)])


@dataclass(frozen=True, slots=True)
class ByMail:
    """The handler of ``KIND``."""

    settings: Settings
    carrier: Carrier | None

    def __call__(self, session: Session, due: Due) -> Send:
        """Write the mail of a message, unless there is nowhere to send it to; ``session`` only reads."""
        carrier, to = self.carrier, due.payload["to"] or ""
        if carrier is None or not is_address(to):
            return lambda: _NOTHING
        mail = self._mail(session, due.payload, to)
        return lambda: _send(carrier, mail)

    def _mail(self, session: Session, payload: Any, to: str) -> Mail:
        person_id = UUID(payload["person"])
        known = credentials.whoever(session, person_id)
        texts = Texts(known.language if known.language in LANGUAGES else LANGUAGES[0], ZoneInfo(self.settings.zone))
        kind = KINDS[payload["kind"]]
        values = {
            "name": profile(session, person_id).display_name or known.login, "login": known.login,
            "kind": texts.gettext(kind), "time": texts.moment(datetime.fromisoformat(payload["until"])),
            "page": f"{self.settings.issuer}/account",
        }  # fmt: skip
        text = "\n\n".join(texts.gettext(paragraph) % values for paragraph in _MAIL)
        service = self.settings.consortium
        return Mail(to, texts.gettext(_SUBJECT) % {"service": service}, f"{text}\n\n{service}\n")


def _send(carrier: Carrier, mail: Mail) -> Outcome:
    try:
        carrier.send(mail)
    except Unavailable as error:
        return Outcome(Verdict.REFUSED if isinstance(error, Refused) else Verdict.FAILED, str(error))
    return Outcome(Verdict.DELIVERED)
