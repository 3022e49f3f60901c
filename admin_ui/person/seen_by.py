"""The tab of who sees the person's data in services today: by which right, what it opens, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from admin_ui.parts import exports, frame, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.seen import profiles
from admin_ui.people.listing import PATH, listed_name
from admin_ui.people.view import Subject, subject_of
from admin_ui.rules.roles import of_one
from iam.access.administration import Part
from iam.access.explanation import seers
from iam.access.pages.called import groups_called, rules_called
from iam.access.pages.listing import RoleName
from iam.directory.queries import Profile
from iam.texts import N_
from iam.web import context, guard


@dataclass(frozen=True, slots=True)
class Seer:
    """Somebody who sees: ``person_id`` is None where the reader may not open their page, ``place`` where it must not be
    told; ``why`` is a sentence."""

    person_id: UUID | None
    name: str
    role: str
    opens: list[str]
    place: str | None
    until: datetime | None
    why: str


class SeerCells(NamedTuple):
    """Somebody who sees, as a line of the file shows them."""

    name: str
    role: str
    opens: str
    place: str
    last_day: str
    why: str


def read(subject: Subject) -> Mapping[str, Any]:
    """Return what the tab shows; nothing where it would tell where a protected person is."""
    url = f"{PATH}/{subject.id}/seen-by.csv" if frame.may("persons.export") else None
    listed = None if subject.is_hidden else _listed(subject).page()
    return {"listed": listed, "export_url": url}


@blueprint.get("/persons/<uuid:person_id>/seen-by.csv")
@guard.requires("persons.export")
def seen_by_file(person_id: UUID) -> Response:
    """Take home who sees the person's data, within the part over which the reader may export."""
    subject, t = subject_of(person_id), context.texts().gettext
    header = N_("Name"), N_("Role"), N_("What it opens"), N_("Where"), N_("Last day"), N_("Why?")

    def cells(one: Seer) -> SeerCells:
        place = t(N_("protected")) if one.place is None else one.place
        return SeerCells(one.name, one.role, "; ".join(one.opens), place, exports.day(one.until), one.why)

    if subject.is_hidden:
        return exports.csv_file("seen-by", header, lambda _: (), subject_id=person_id)
    listed = _listed(subject)
    return exports.csv_file("seen-by", header, lambda session: map(cells, listed.each(session)), subject_id=person_id)


def _listed(subject: Subject) -> Listed[Seer]:
    part, agreements = subject.part, frame.part_of("agreements.read")
    query = seers.seers(part, agreements, subject.id)
    return Listed(query, seers.SEER_KEYS, lambda session, rows: _lines(session, part, rows))


def _lines(session: Session, part: Part, rows: Sequence[Any]) -> list[Seer]:
    """Return holders as the tab shows them; at most eight statements, however many they are."""
    language, ids = context.texts().language, {row[2].id for row in rows}
    shown, near = profiles(session, ids), seers.of_part(session, part, ids)
    rules = rules_called(session, {row[4] for row in rows if row[4]}, language)
    opened = seers.opened(session, {row[5].id for row in rows})
    groups = groups_called(session, {group for some in opened.values() for group, _ in some}, language)
    made = []
    for right, until, person, scope, rule, role, application, version, agreement in rows:
        profile, called = shown.get(person.id, Profile()), of_one(groups, application.id)
        made.append(
            Seer(
                person.id if person.id in near else None,
                listed_name(profile, context.texts()),
                RoleName(application.key, application.name, role.key, version.name).said(language),
                [words.use(":".join(one), called) for one in opened.get(role.id, [])],
                None if profile.protected else scope.name(language),
                words.end(until),
                _why(right.reason, rules.get(rule or ""), agreement),
            )
        )
    return made


def _why(reason: str | None, rule: str | None, agreement: str | None) -> str:
    t = context.texts().gettext
    said = t(N_("Granted by hand: %(reason)s")) % {"reason": reason or ""} if rule is None else rule
    return f"{said} · {t(N_('Agreement %(number)s')) % {'number': agreement}}" if agreement else said
