"""The fields of a position by hand, on the page of a new person and on that of one who is here: read, and offered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import null
from sqlalchemy.orm import Session

from admin_ui.parts import frame, words
from admin_ui.parts.paging import as_id
from admin_ui.people.listing import OFFERED
from connectors.problem import Problem
from iam import clock
from iam.directory.affiliation import AFFILIATION_KINDS
from iam.directory.pages import listing
from iam.lifecycle.persons import StatedAffiliation
from iam.signin.accounts import found
from iam.texts import N_
from iam.web import context, guard

POSITIONS = 200
LONGEST = 400
REASON = 500


class HandPosition(NamedTuple):
    """A position as a form says it, who answers for it, and why."""

    said: StatedAffiliation
    sponsor_id: UUID
    reason: str

    @property
    def basis(self) -> list[str]:
        """What is digested with its effects; its first moment is not, which is now when nothing is written."""
        said = self.said
        told = said.organisation_id, said.kind, said.occupation, said.title, said.valid_to, self.sponsor_id
        return [*map(str, told), self.reason]


def text(form: Mapping[str, str], name: str, longest: int = LONGEST) -> str:
    """Return a field without blanks around it."""
    return form.get(name, "").strip()[:longest]


def day(form: Mapping[str, str], name: str, problems: list[Problem]) -> date | None:
    """Return the day that a field says; None for an empty one."""
    typed = text(form, name)
    try:
        value = date.fromisoformat(typed) if typed else None
    except ValueError:
        value = date.max
    if value is None or 1901 <= value.year <= 9000:
        return value
    problems.append(Problem(N_("This is not a day."), N_("Choose a day."), field=name))
    return None


def read(form: Mapping[str, str], problems: list[Problem]) -> HandPosition | None:
    """Return the position that a form says; what is wrong goes into ``problems``."""
    wrong = len(problems)
    organisation_id, kind = as_id(form.get("organisation")), form.get("kind", "")
    if organisation_id is None:
        problems.append(Problem(N_("Choose an organisation in your part."), field="organisation"))
    if kind not in AFFILIATION_KINDS:
        problems.append(Problem(N_("Choose the kind of the position."), field="kind"))
    start, end = _days(form, problems)
    sponsor_id = _sponsor(form, problems)
    if not text(form, "reason", REASON):
        problems.append(Problem("A reason is needed.", N_("Write why; it is kept in the log."), field="reason"))
    if len(problems) > wrong or organisation_id is None or sponsor_id is None:
        return None
    occupation, title = text(form, "occupation", 100) or None, text(form, "title") or None
    said = StatedAffiliation(organisation_id, kind, occupation, title, start, end)
    return HandPosition(said, sponsor_id, text(form, "reason", REASON))


def _days(form: Mapping[str, str], problems: list[Problem]) -> tuple[datetime, datetime]:
    zone = context.settings().zone
    first, last = day(form, "first_day", problems), day(form, "until", problems)
    start = clock.day_start(first, zone) if first else clock.day_start(clock.today(zone), zone)
    return start, clock.day_end(last, zone) if last else clock.FOREVER


def _sponsor(form: Mapping[str, str], problems: list[Problem]) -> UUID | None:
    typed = text(form, "sponsor", 200)
    told = found.find(context.db(), guard.part(), [typed] if typed else [], null())
    if typed in told.ids:
        return told.ids[typed]
    sentence = N_("Several people have this number.") if told.several else N_("Nobody in your part is called so.")
    problems.append(Problem(sentence, N_("Write the username or the employee number."), field="sponsor"))
    return None


def organisations(session: Session) -> list[tuple[str, str]]:
    """Return the organisations of the reader's part that are offered."""
    part, language = frame.part_of("persons.write"), context.texts().language
    return [(str(one.id), one.name) for one in listing.offered(session, part, language, OFFERED)]


def offered(session: Session) -> dict[str, Any]:
    """Return what the fields offer: organisations, kinds and positions of the reader's part."""
    part = frame.part_of("persons.write")
    kinds = [(key, word) for key, word in words.options(words.AFFILIATIONS) if key in AFFILIATION_KINDS]
    return {
        "organisations": organisations(session),
        "kinds": kinds,
        "positions": listing.positions_held(session, part, POSITIONS, context.texts().language),
    }
