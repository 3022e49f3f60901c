"""Who comes under an agreement, by name, at /admin/agreements/KEY/people: for the side whose people they are always,
for the side that allows it once the agreement is in force."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from admin_ui.agreements.acts import above
from admin_ui.agreements.pages import PATH, SECTION
from admin_ui.parts import frame, paging
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from iam.access.administration import Part
from iam.access.pages import agreement_people, agreements as listing
from iam.access.pages.agreement_people import PEOPLE_KEYS
from iam.directory.person import Person
from iam.directory.queries import Profile, profiles
from iam.texts import N_
from iam.web import context, guard

IN_FORCE = ("live", "notice", "suspended")


class UnderLine(NamedTuple):
    """Somebody under an agreement: the name, and by which positions, from where and into where."""

    name: str
    places: list[str]


@blueprint.get("/agreements/<key>/people")
@guard.requires("agreements.read")
def people_under(key: str) -> Response:
    """Show a page of the people who come under an agreement."""
    found, listed, in_force = _listed(key, frame.part_of("persons.read"))
    return frame.render(
        "agreements/people.html",
        section=SECTION,
        breadcrumb=above(found.agreement),
        page=listed.page(),
        in_force=in_force,
        export_url=paging.address(f"{PATH}/{key}/names.csv") if frame.may("persons.export") else None,
    )


@blueprint.get("/agreements/<key>/names.csv")
@guard.requires("agreements.read")
def people_under_file(key: str) -> Response:
    """Take home who comes under an agreement, by name."""

    def cells(line: UnderLine) -> tuple[str, str]:
        return line.name, "; ".join(line.places)

    _, listed, _ = _listed(key, frame.part_of("persons.export"))
    return listed.file("names", (N_("Name"), N_("Position, and where")), cells, {"agreement": key})


def _listed(key: str, part: Part) -> tuple[listing.FoundAgreement, Listed[UnderLine], bool]:
    session = context.db()
    found = listing.agreement_of(session, guard.part(), key)
    in_force = listing.standings(session, [found.agreement.id])[found.agreement.id].state in IN_FORCE
    lines = partial(_lines, part, found.clause_ids, in_force)
    query = agreement_people.people(part, found.clause_ids, in_force=in_force)
    return found, Listed(query, PEOPLE_KEYS, lines), in_force


def _lines(
    part: Part, clause_ids: Collection[UUID], in_force: bool, session: Session, rows: Sequence[Person]
) -> list[UnderLine]:
    ids = [row.id for row in rows]
    names, language = profiles(session, ids), context.texts().language
    places = agreement_people.places(session, part, clause_ids, ids, in_force=in_force)
    return [
        UnderLine(
            names.get(id_, Profile()).display_name or "–",
            [f"{one.position}, {one.home.name(language)} → {one.scope.name(language)}" for one in places.get(id_, [])],
        )
        for id_ in ids
    ]
