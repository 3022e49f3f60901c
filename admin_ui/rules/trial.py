"""A rule tried on one person and a day: whether it fits, and the first condition that does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from admin_ui.parts import frame, paging, words
from admin_ui.parts.seen import looked_for, profiles
from admin_ui.people.listing import archive_after, listed_name
from admin_ui.rules import form as rule_form
from admin_ui.rules.form import RuleForm
from connectors.identity_code import holds_code
from iam import clock
from iam.access.administration import Part, speaks_freely
from iam.access.commands.publish import try_person
from iam.directory.pages import listing as people
from iam.directory.pages.listing import PERSON_KEYS, Wanted
from iam.directory.person import Person
from iam.directory.queries import Profile
from iam.texts import N_
from iam.web import context

SEVERAL = 6
"""So many people are offered when several of a name fit."""
_NOON = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Trial:
    """How a rule fits ``person`` (None: not tried), with the condition that fails; or whom to choose from, or what is
    wrong."""

    fits: bool | None = None
    person: str = ""
    failing: str = ""
    choices: list[tuple[UUID, str]] = field(default_factory=list)
    error: str = ""


def trial(session: Session, form: RuleForm) -> Trial:
    """Try the rule on the person that was written or chosen; several of one name are offered to choose from."""
    texts, part = context.texts(), frame.part_of("persons.read")
    text, chosen = request.form.get("person", "").strip(), paging.as_id(request.form.get("person_id"))
    found = _people(session, part, text, chosen) if part else []
    if not found:
        return Trial(
            error=texts.gettext(N_("Nobody in your part fits. Write the beginning of the name, or a whole number."))
        )
    if len(found) > 1:
        return Trial(choices=found)
    person_id, name = found[0]
    if not speaks_freely(session, part, [person_id]):
        return Trial(
            error=texts.gettext(N_("A rule is not tried on this person: somebody whom it concerns is protected."))
        )
    at = clock.day_start(day(), str(context.zone())) + _NOON
    fits, problem = try_person(session, rule_form.pattern(form), form.owner, person_id, at, part=part)
    failing = texts.gettext(problem.message) % _in_words(problem.params) if problem is not None else ""
    return Trial(fits, name, failing)


def day() -> date:
    """Return the day that was written; today when there is none."""
    try:
        return date.fromisoformat(request.form.get("on", ""))
    except ValueError:
        return clock.today(str(context.zone()))


def _people(session: Session, part: Part, text: str, chosen: UUID | None) -> list[tuple[UUID, str]]:
    if holds_code(text) or not (text or chosen):
        return []
    person_id: Any = Person.id
    query = people.persons(part, Wanted() if chosen else Wanted(text), archive_after())
    query = query.where(person_id == chosen) if chosen else query
    rows = session.scalars(query.order_by(*PERSON_KEYS).limit(SEVERAL)).all()
    looked_for("" if chosen else text)
    shown = profiles(session, [row.id for row in rows])
    return [(row.id, listed_name(shown.get(row.id, Profile()), context.texts())) for row in rows]


def _in_words(params: Mapping[str, object]) -> dict[str, object]:
    """Return a problem's values with the codes of kinds as words."""
    kinds = {**words.ORGANISATIONS, **words.AFFILIATIONS}
    coded = [name for name in ("kind", "wanted") if name in params]
    told = {name: ", ".join(words.word(kinds, one) for one in str(params[name]).split(", ")) for name in coded}
    return {**params, **told}
