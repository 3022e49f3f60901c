"""Mails to a person, in the language of their login: written from paragraphs, and handed to the mail server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from iam.delivery import outbox
from iam.delivery.mail import Carrier, Mail, MailRefused
from iam.directory.queries import profile
from iam.errors import Unavailable
from iam.jobs import Outcome, Verdict
from iam.settings import Settings
from iam.signin.passwords import credentials
from iam.texts import LANGUAGES, Texts

TARGET = outbox.MAIL_SERVER
"""Where the outbox's messages of mails go."""
NOTHING = Outcome(Verdict.DELIVERED, "nothing to send")


def texts_in(language: str | None, settings: Settings) -> Texts:
    """Return the texts of a language, or of the first one where it is none of ours."""
    return Texts(language if language in LANGUAGES else LANGUAGES[0], ZoneInfo(settings.zone))


def write(
    session: Session,
    settings: Settings,
    person_id: UUID,
    to: str,
    subject: str,
    paragraphs: Sequence[str],
    said: Callable[[Texts], Mapping[str, str]],
) -> Mail:
    """Return a mail to a person whose paragraphs hold ``name``, ``login`` and what is ``said`` in the person's
    language."""
    known = credentials.of_person(session, person_id)
    login, texts = known.login if known else "", texts_in(known.language if known else None, settings)
    name = profile(session, person_id).display_name or login
    return compose(texts, settings, to, subject, paragraphs, {"name": name, "login": login, **said(texts)})


def compose(
    texts: Texts, settings: Settings, to: str, subject: str, paragraphs: Sequence[str], values: Mapping[str, str]
) -> Mail:
    """Return a mail of translated paragraphs, signed by the consortium; raises ``Invalid`` as ``Mail`` does."""
    text = "\n\n".join(texts.gettext(paragraph) % values for paragraph in paragraphs)
    service = settings.consortium
    return Mail(to, texts.gettext(subject) % {"service": service}, f"{text}\n\n{service}\n")


def carry(carrier: Carrier, mail: Mail) -> Outcome:
    """Hand a mail over, and return what became of it."""
    try:
        carrier.send(mail)
    except Unavailable as error:
        return Outcome(Verdict.REFUSED if isinstance(error, MailRefused) else Verdict.FAILED, str(error))
    return Outcome(Verdict.DELIVERED)
