"""Who comes under an agreement, by name, at /admin/agreements/KEY/people: for the side whose people they are always,
for the side that allows it once the agreement is in force."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response
from sqlalchemy import Select
from sqlalchemy.orm import Session

from admin_ui.agreements.acts import above
from admin_ui.agreements.pages import PATH, SECTION
from admin_ui.parts import frame, paging
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.uses import positions_said
from iam.access.administration import Part
from iam.access.model.agreement import Agreement
from iam.access.pages import agreement_people, agreements as listing
from iam.access.pages.agreement_people import PEOPLE_KEYS
from iam.directory.person import Person
from iam.directory.queries import Profile, profiles
from iam.oidc.issuing import uses
from iam.oidc.issuing.uses import Used
from iam.texts import N_
from iam.web import context, guard

NEVER = Used(0, 0, None)
IN_FORCE = ("live", "notice", "suspended")


class UnderLine(NamedTuple):
    """Somebody under an agreement: the name, by which positions, from where and into where, and how often they used
    it."""

    name: str
    places: list[str]
    used: Used


class UnderCells(NamedTuple):
    """Somebody under an agreement as a line of the file shows them."""

    name: str
    places: str
    days: int
    times: int
    last: str


@blueprint.get("/agreements/<key>/people")
@guard.requires("agreements.read")
def people_under(key: str) -> Response:
    """Show a page of the people who come under an agreement, and how often they used it."""
    under = _under(key, frame.part_of("persons.read"))
    return frame.render(
        "agreements/people.html",
        section=SECTION,
        breadcrumb=above(under.agreement),
        page=under.listed.page(),
        in_force=under.in_force,
        months=uses.by_month(context.db(), under.rights),
        days=uses.DAYS,
        export_url=paging.address(f"{PATH}/{key}/names.csv") if frame.may("persons.export") else None,
    )


@blueprint.get("/agreements/<key>/names.csv")
@guard.requires("agreements.read")
def people_under_file(key: str) -> Response:
    """Take home who comes under an agreement, by name, and how often they used it."""
    texts = context.texts()

    def cells(line: UnderLine) -> UnderCells:
        used = line.used
        return UnderCells(line.name, "; ".join(line.places), used.days, used.times, texts.moment(used.last))

    header = (N_("Name"), N_("Position, and where"), N_("Days of use"), N_("Times"), N_("Last use"))
    return _under(key, frame.part_of("persons.export")).listed.file("names", header, cells, {"agreement": key})


class _Under(NamedTuple):
    """An agreement, who comes under it in the reader's part, by which rights, and whether it is in force."""

    agreement: Agreement
    listed: Listed[UnderLine]
    rights: Select[Any]
    in_force: bool


def _under(key: str, part: Part) -> _Under:
    session = context.db()
    found = listing.agreement_of(session, guard.part(), key)
    in_force = listing.standings(session, [found.agreement.id])[found.agreement.id].state in IN_FORCE
    rights = agreement_people.rights_under(session, part, found.clause_ids, in_force=in_force)
    lines = partial(_lines, part, found.clause_ids, in_force, rights)
    query = agreement_people.people(part, found.clause_ids, in_force=in_force)
    return _Under(found.agreement, Listed(query, PEOPLE_KEYS, lines), rights, in_force)


def _lines(
    part: Part,
    clause_ids: Collection[UUID],
    in_force: bool,
    rights: Select[Any],
    session: Session,
    rows: Sequence[Person],
) -> list[UnderLine]:
    ids = [row.id for row in rows]
    names, language = profiles(session, ids), context.texts().language
    places = agreement_people.places(session, part, clause_ids, ids, in_force=in_force)
    used = uses.of_people(session, rights, ids)
    said = positions_said(session, {one.position for some in places.values() for one in some})
    return [
        UnderLine(
            names.get(id_, Profile()).display_name or "–",
            [
                f"{said[one.position]}, {one.home.name(language)} → {one.scope.name(language)}"
                for one in places.get(id_, [])
            ],
            used.get(id_, NEVER),
        )
        for id_ in ids
    ]
