"""Organisations at /admin/organisations: the tree level by level, one organisation's page, the list as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response, request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from admin_ui.organisations import administrators, tree, username_section
from admin_ui.parts import frame, lists, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from connectors.problem import Problem
from iam.access.administration import Part, may_touch
from iam.directory.organisation import Organisation, OrganisationPlace, OrganisationRelation
from iam.directory.pages import listing
from iam.directory.pages.head_counts import Counts, counted_once, head_counts
from iam.directory.queries import organisations as by_id
from iam.errors import NotFound
from iam.lifecycle.organisations.acts import allowed
from iam.sources import listing as listed_sources
from iam.texts import N_
from iam.web import context, guard

PATH = "/admin/organisations"
HOLDERS = {kind: word for kind, word in words.AFFILIATIONS.items() if kind != "guardian"}
RELATIONS = {"covers": N_("Covers"), "owns": N_("Owns"), "continues": N_("Continues")}
RELATED = {"covers": N_("Belongs to the area of"), "owns": N_("Is owned by"), "continues": N_("Is continued by")}

frame.section("organisations", N_("Organisations"), PATH, "organisations.read", 20)


class OrganisationCells(NamedTuple):
    """An organisation as a line of the file begins; how many people it has of each of ``HOLDERS`` comes after it."""

    key: str
    kind: str
    name_fi: str | None
    name_sv: str | None
    name_en: str | None
    oph_oid: str | None
    school_code: str | None
    business_id: str | None
    under: str | None


@blueprint.get("/organisations")
@guard.requires("organisations.read")
def organisations() -> Response:
    """Show the tree from the top of the reader's part or from ``?under=``, or what a search finds in it."""
    part, text, kind = guard.part(), lists.text(), _kind()
    above = None if text or kind else _above_tree(part)
    return frame.render(
        "organisations/organisations.html",
        section="organisations",
        breadcrumb=_way(part, above),
        above=above,
        branches=None if text or kind else tree.page(part, _right_under(part, above)),
        page=_page(part, listing.organisations(part, text, kind))[0] if text or kind else None,
        text=text,
        kind=kind,
        kinds=words.options(words.ORGANISATIONS),
        words=words,
        export_url=paging.address(f"{PATH}.csv"),
        is_narrowed=bool(text or kind),
    )


def _above_tree(part: Part) -> Organisation | None:
    """The organisation whose branches are asked for by ``?under=``; none: the top. Raises ``NotFound``."""
    under = paging.as_id(request.args.get("under"))
    if under is None:
        return None
    query = listing.organisations(part).where(Organisation.id == under)
    found: Organisation | None = context.db().scalars(query).one_or_none()
    if found is None:
        raise NotFound(Problem("There is no such organisation, or it is outside your part."))
    return found


def _right_under(part: Part, above: Organisation | None) -> Any:
    return listing.tops(part) if above is None else listing.children(part, above.id)


def _way(part: Part, above: Organisation | None) -> list[tuple[str, str]]:
    """The pages of the tree above the one that is shown."""
    if above is None:
        return []
    language = context.texts().language
    way = [*listing.path(context.db(), part, above.id)]
    return [(PATH, context.texts().gettext(N_("Organisations")))] + [
        (f"{PATH}?under={one.id}", one.name(language)) for one in way
    ]


@blueprint.get("/organisations.csv")
@guard.requires("organisations.read")
def organisations_file() -> Response:
    """Take home every organisation of the part that the search finds, or those right under one."""
    part, under = guard.part(), paging.as_id(request.args.get("under"))
    query = listing.children(part, under) if under is not None else listing.organisations(part, lists.text(), _kind())
    header = (
        N_("Key"),
        N_("Kind"),
        N_("Name in Finnish"),
        N_("Name in Swedish"),
        N_("Name in English"),
        N_("Organisation number (OID)"),
        N_("School number"),
        N_("Business ID"),
        N_("Under"),
        *HOLDERS.values(),
    )
    listed = Listed(query, (Organisation.key, Organisation.id), lambda session, rows: _cells(session, part, rows))
    return listed.file("organisations", header, lambda cells: cells, {"kind": _kind(), "under": str(under or "")})


@blueprint.get("/organisations/<uuid:organisation_id>")
@guard.requires("organisations.read")
def organisation(organisation_id: UUID) -> Response:
    """Show one organisation of the part with those right under it, a page at a time."""
    session, part, language = context.db(), frame.part_of("organisations.read"), context.texts().language
    row = session.scalars(listing.organisations(part).where(Organisation.id == organisation_id)).one_or_none()
    if row is None:
        raise NotFound(Problem("There is no such organisation, or it is outside your part."))
    places = _places(session, organisation_id)
    relations = _relations(session, organisation_id)
    named = by_id(session, {place.legal_entity_id for place in places} | {other for _, other, _ in relations})
    here = _here(session, part, named)
    page, counts = _page(part, listing.children(part, organisation_id), organisation_id)
    above = [(PATH, context.texts().gettext(N_("Organisations")))]
    above += [(f"{PATH}/{one.id}", one.name(language)) for one in listing.path(session, part, organisation_id)]
    return frame.render(
        "organisations/organisation.html",
        section="organisations",
        breadcrumb=above,
        organisation=row,
        name=row.name(language),
        words=words,
        entities=[{"name": named[entity].name(language), **days} for entity, days in _controllers(places)],
        relations=[
            {"word": said, "name": named[other].name(language), "id": other if other in here else None, **_days(fact)}
            for said, other, fact in relations
        ],
        counts=counts[organisation_id],
        page=page,
        export_url=f"{PATH}.csv?under={organisation_id}",
        opened=_opened(session, organisation_id),
        usernames=username_section.of_organisation(session, organisation_id),
        administering=administrators.of_organisation(session, organisation_id),
        acts=allowed(session, frame.part_of("organisations.write"), organisation_id),
    )


def _opened(session: Session, organisation_id: UUID) -> list[str] | None:
    """Return the sources to which the organisation is open, itself or by one above it; None for who may not decide
    that."""
    if not may_touch(session, frame.part_of("sources.accept"), organisation_id):
        return None
    return sorted(
        {source.called(context.texts().language) for _, source, _ in listed_sources.opened(session, organisation_id)}
    )


def _page(part: Part, query: Any, *also: UUID) -> tuple[paging.Shown[Mapping[str, Any]], Mapping[UUID, Counts]]:
    """Return a page of organisations, and how many people each of them has and those that are named ``also``."""
    language = context.texts().language
    found: paging.Shown[Organisation] = Listed(query, listing.organisation_keys(language), lambda _, rows: rows).page()
    counts = head_counts(context.db(), part, [*also, *(row.id for row in found.rows)])
    lines: list[Mapping[str, Any]] = [
        {
            "id": row.id,
            "key": row.key,
            "name": row.name(language),
            "kind": words.word(words.ORGANISATIONS, row.kind),
            "counts": counts[row.id],
        }
        for row in found.rows
    ]
    return paging.Shown(lines, found.previous, found.next), counts


def _kind() -> str | None:
    kind = request.args.get("kind")
    return kind if kind in words.ORGANISATIONS else None


def _places(session: Session, organisation_id: UUID) -> Sequence[OrganisationPlace]:
    """Return where the organisation stands and stood by date, the earliest first."""
    query = select(OrganisationPlace).where(
        OrganisationPlace.organisation_id == organisation_id, OrganisationPlace.closed_by.is_(None)
    )
    return list(session.scalars(query.order_by(OrganisationPlace.valid_from)))


def _controllers(places: Sequence[OrganisationPlace]) -> list[tuple[UUID, dict[str, Any]]]:
    """Return each legal entity with its days; a move within one is not told as two."""
    found: list[tuple[UUID, dict[str, Any]]] = []
    for before, place in zip([None, *places], places, strict=False):
        days = _days(place)
        if before is not None and (before.legal_entity_id, before.valid_to) == (
            place.legal_entity_id,
            place.valid_from,
        ):
            days["starts"] = found.pop()[1]["starts"]
        found.append((place.legal_entity_id, days))
    return found


def _relations(session: Session, organisation_id: UUID) -> list[tuple[str, UUID, OrganisationRelation]]:
    """Return the dated relations besides the tree, in words, seen from this organisation."""
    ends = or_(
        OrganisationRelation.organisation_id == organisation_id, OrganisationRelation.other_id == organisation_id
    )
    query = (
        select(OrganisationRelation)
        .where(ends, OrganisationRelation.closed_by.is_(None))
        .order_by(OrganisationRelation.valid_from)
        .limit(500)
    )
    found = []
    for row in session.scalars(query):
        outward = row.organisation_id == organisation_id
        said = words.word(RELATIONS if outward else RELATED, row.kind)
        found.append((said, row.other_id if outward else row.organisation_id, row))
    return found


def _here(session: Session, part: Part, named: Mapping[UUID, Organisation]) -> set[UUID]:
    """Return which of the named organisations lie in the part and so have a page for this reader."""
    query = listing.organisations(part).where(Organisation.id.in_(named))
    return {row.id for row in session.scalars(query)}


def _days(fact: Any) -> dict[str, Any]:
    return {"starts": words.start(fact.valid_from), "until": words.end(fact.valid_to)}


def _cells(session: Session, part: Part, rows: Sequence[Organisation]) -> list[Sequence[object]]:
    ids = [row.id for row in rows]
    counts, parents = counted_once(session, part, ids), listing.parents(session, part, ids)
    return [(*_described(row, parents.get(row.id)), *(counts[row.id].get(kind, 0) for kind in HOLDERS)) for row in rows]


def _described(row: Organisation, under: str | None) -> OrganisationCells:
    return OrganisationCells(
        row.key,
        words.word(words.ORGANISATIONS, row.kind),
        row.name_fi,
        row.name_sv,
        row.name_en,
        row.oph_oid,
        row.school_code,
        row.business_id,
        under,
    )
