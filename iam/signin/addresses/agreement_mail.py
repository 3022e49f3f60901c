"""Mails of agreements: to those who answer for a party (suspended, goes on, notice, changed, review, ends), and to
those whose own rights end with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.agreement import Agreement, AgreementClause
from iam.access.model.assignment import Assignment
from iam.access.pages.listing import RoleName, role_names
from iam.access.right import held
from iam.delivery.mail import Carrier
from iam.delivery.outbox import Due
from iam.jobs import Send
from iam.settings import Settings
from iam.signin.addresses import notices, person_mail
from iam.texts import N_, Texts, worded

_SUBJECT = N_("An agreement in %(service)s")
_WHAT = {
    "suspended": N_("The agreement %(number)s was suspended: nobody has a right by it until that is lifted."),
    "resumed": N_("The agreement %(number)s gives rights again; its suspension was lifted."),
    "notice": N_("Notice was given of the agreement %(number)s. For the party that gave it the last day is %(day)s."),
    "cancelled": N_("The agreement %(number)s was cancelled before it was in force: it gives nobody anything."),
    "clause": N_("What the agreement %(number)s allows was changed."),
    "review": N_("The agreement %(number)s is to be reviewed by %(day)s."),
    "notice-by": N_(
        "If the agreement %(number)s is to end by its review, notice is to be given by %(day)s at the latest."
    ),
    "ends": N_("The agreement %(number)s ends. Its last day in force is %(day)s; its rights end then."),
}
_TEXT = (
    N_("Hello, %(name)s."),
    "%(what)s",
    N_("What it means for whom, and what can be done, is on its page: %(page)s"),
    N_("You are told because you look after agreements of one of its parties, or after its data protection."),
)


@dataclass(frozen=True, slots=True)
class ToHolders:
    """The handler of ``agreement_notes.KIND``."""

    settings: Settings
    carrier: Carrier | None

    def __call__(self, session: Session, due: Due) -> Send:
        """Write the mail, unless there is nowhere to send it to; ``session`` only reads."""
        person_id = UUID(due.payload["person"])
        found = session.scalars(select(Agreement).where(Agreement.key == due.payload["agreement"])).one_or_none()
        if found is None:
            return lambda: person_mail.NOTHING
        day, number = due.payload["last_day"], found.case_number or found.key
        page, message = f"{self.settings.issuer}/admin/agreements/{found.key}", _WHAT[due.payload["what"]]

        def said(texts: Texts) -> dict[str, str]:
            last = texts.day(clock.day_end(date.fromisoformat(day))) if day else ""
            return {"what": texts.gettext(message) % {"number": number, "day": last}, "page": page}

        return notices.to_person(session, self.settings, self.carrier, person_id, _SUBJECT, _TEXT, said)


_OWN_TEXT = (
    N_("Hello, %(name)s."),
    N_("What you may do by the agreement %(number)s (%(purpose)s) ends. The last day is %(day)s."),
    "%(roles)s",
    N_("If your work goes on after that, ask your manager. You need do nothing else."),
)
_OWN_SUBJECT = N_("Rights of yours end soon: %(service)s")


@dataclass(frozen=True, slots=True)
class ToThoseUnder:
    """The handler of ``agreement_notes.OWN``: tells a person what ends, when, and whom to ask."""

    settings: Settings
    carrier: Carrier | None

    def __call__(self, session: Session, due: Due) -> Send:
        """Write the mail, unless nothing of theirs ends any more or there is nowhere to send it to; ``session`` only
        reads."""
        person_id = UUID(due.payload["person"])
        found = session.scalars(select(Agreement).where(Agreement.key == due.payload["agreement"])).one_or_none()
        roles = [] if found is None else _roles(session, person_id, found.id)
        if found is None or not roles:
            return lambda: person_mail.NOTHING
        number, stated = found.case_number or found.key, found.purpose_said
        end = clock.day_end(date.fromisoformat(due.payload["last_day"]))

        def said(texts: Texts) -> dict[str, str]:
            lines = sorted({f"    {one.said(texts.language)}" for one in roles})
            return {
                "number": number,
                "purpose": worded(stated, texts.language),
                "day": texts.day(end),
                "roles": "\n".join(lines),
            }

        return notices.to_person(session, self.settings, self.carrier, person_id, _OWN_SUBJECT, _OWN_TEXT, said)


def _roles(session: Session, person_id: UUID, agreement_id: UUID) -> Sequence[RoleName]:
    """The roles that a person holds by an agreement now, as they are called."""
    a, clauses = Assignment, select(AgreementClause.id).where(AgreementClause.agreement_id == agreement_id)
    now = held(clock.now()).where(a.person_id == person_id, a.clause_id.in_(clauses))
    ids = set(session.scalars(now.with_only_columns(a.role_id)))
    return list(role_names(session, ids).values())
