"""The list of who administers what at /admin/administrators: search, pages by key, and the same as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from admin_ui.parts import frame, lists, paging
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.seen import looked_for, profiles
from admin_ui.people.listing import listed_name
from iam.access.administration import Part
from iam.access.administrator_roles import in_words
from iam.access.commands.appointing import APPOINTS
from iam.access.pages import administrators as pages
from iam.access.pages.administrators import ADMINISTRATOR_KEYS
from iam.directory.queries import Profile
from iam.texts import N_
from iam.web import context, guard

PATH, SECTION = "/admin/administrators", "administrators"
frame.section(SECTION, N_("Administrators"), PATH, APPOINTS, 85)


class AdministratorLine(NamedTuple):
    """What somebody administers, as lists show it; ``id`` is of the grant that stands for all given with it."""

    id: UUID
    person_id: UUID
    name: str
    what: str
    organisation_id: UUID
    part: str
    since: str
    until: str


@blueprint.get("/administrators")
@guard.requires(APPOINTS)
def administrators() -> Response:
    """Show a page of the list."""
    text = lists.text()
    looked_for(text)
    return frame.render(
        "administrators/administrators.html",
        section=SECTION,
        page=_listed(guard.part(), text).page(),
        text=text,
        export_url=paging.address(f"{PATH}.csv"),
    )


@blueprint.get("/administrators.csv")
@guard.requires(APPOINTS)
def administrators_file() -> Response:
    """Take home the whole list as searched."""
    text = lists.text()
    header = N_("Name"), N_("What"), N_("Part"), N_("From"), N_("Last day")

    def cells(one: AdministratorLine) -> tuple[str, ...]:
        return one.name, one.what, one.part, one.since, one.until

    return _listed(guard.part(), text).file("administrators", header, cells)


def of_person(session: Session, part: Part, person_id: UUID) -> list[AdministratorLine]:
    """Return what a person administers in a part."""
    if not part:
        return []
    query = pages.administrators(part, person_id=person_id).order_by(*ADMINISTRATOR_KEYS)
    return lines(session, session.execute(query).all())


def lines(session: Session, rows: Sequence[Any]) -> list[AdministratorLine]:
    """Return rows as lists show them; two statements, however many they are."""
    texts, language = context.texts(), context.texts().language
    shown = profiles(session, {row.person_id for row, _ in rows})
    given = pages.permissions_with(session, [row for row, _ in rows]) if rows else {}
    return [
        AdministratorLine(
            row.id,
            row.person_id,
            listed_name(shown.get(row.person_id, Profile()), texts),
            ", ".join(texts.gettext(one) for one in in_words(given[row.id])),
            place.id,
            place.name(language),
            texts.first_day(row.valid_from),
            texts.day(row.valid_to),
        )
        for row, place in rows
    ]


def _listed(part: Part, text: str) -> Listed[AdministratorLine]:
    return Listed(pages.administrators(part, text), ADMINISTRATOR_KEYS, lines)
