"""Organisations added under another, renamed and closed, each as the declaration that a page makes of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from connectors.problem import Problem
from iam import clock
from iam.api.endpoints.answering import answers, blueprint, unchanged
from iam.api.endpoints.organisations import told_now
from iam.api.endpoints.rights import FRESH
from iam.api.endpoints.writing.stated import day_of, declared
from iam.api.shapes.stated import (
    OrganisationAdded,
    OrganisationClosed,
    OrganisationRenamed,
    Outcome,
    PreviewQuery,
)
from iam.apply.on_pages import organisation_acts
from iam.apply.on_pages.organisation_acts import CODES, Acted
from iam.directory.organisation import KINDS, Organisation
from iam.errors import Invalid, NotFound
from iam.lifecycle.organisations import acts
from iam.web import context, guard

_TOP = "consortium"


@blueprint.post("/organisations/<uuid:organisation_id>/add")
@answers(Outcome, writes=True, waits=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(OrganisationAdded)
@FRESH
@guard.requires("organisations.write")
def add_organisation(organisation_id: UUID, query_data: PreviewQuery, json_data: OrganisationAdded) -> Response:
    """Add an organisation under another."""
    here, day = _here(organisation_id, acts.ADD), day_of(json_data.first_day, "first_day", past=True)
    is_entity = json_data.legal_entity and guard.part().everything
    place = {"parent": here.key, "legal_entity": is_entity or None, "from": day}
    acted = organisation_acts.added(context.db(), json_data.key, _attributes(json_data, top=False), place)
    return _done(here, acted, query_data)


@blueprint.post("/organisations/<uuid:organisation_id>/rename")
@answers(Outcome, writes=True, waits=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(OrganisationRenamed)
@FRESH
@guard.requires("organisations.write")
def rename_organisation(organisation_id: UUID, query_data: PreviewQuery, json_data: OrganisationRenamed) -> Response:
    """Say otherwise what an organisation is called, of what kind it is, and which codes it has."""
    here = _here(organisation_id, acts.RENAME)
    unchanged(lambda: told_now(guard.asker().part("organisations.read"), organisation_id))
    attributes = _attributes(json_data, top=here.kind == _TOP)
    return _done(here, organisation_acts.renamed(context.db(), here.key, attributes), query_data)


@blueprint.post("/organisations/<uuid:organisation_id>/close")
@answers(Outcome, writes=True, waits=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(OrganisationClosed)
@FRESH
@guard.requires("organisations.write")
def close_organisation(organisation_id: UUID, query_data: PreviewQuery, json_data: OrganisationClosed) -> Response:
    """Let an organisation end with a last day; what is under it ends first."""
    here, last = _here(organisation_id, acts.CLOSE), day_of(json_data.last_day, "last_day")
    unchanged(lambda: told_now(guard.asker().part("organisations.read"), organisation_id))
    left = acts.left_under(context.db(), here.id, clock.day_end(last))
    if left:
        message, remedy = "Under it there would still be: %(names)s.", "Close those first, or move them."
        names = ", ".join(one.name(context.texts().language) for one in left)
        raise Invalid(Problem(message, remedy, field="last_day", params={"names": names}))
    return _done(here, organisation_acts.closed(context.db(), here.key, last), query_data)


def _here(organisation_id: UUID, act: str) -> Organisation:
    """Return an organisation on which the caller may do an act; raises ``NotFound``."""
    if act not in acts.allowed(context.db(), guard.part(), organisation_id):
        raise NotFound(Problem("There is no such organisation, or it is outside your part."))
    return context.db().get_one(Organisation, organisation_id)


def _attributes(said: OrganisationRenamed, *, top: bool) -> dict[str, Any]:
    if said.kind not in KINDS or (said.kind == _TOP) != top:
        raise Invalid(Problem("Choose the kind.", field="kind"))
    if not said.names.fi:
        raise Invalid(Problem("Write the name.", field="names.fi"))
    names = {language: name for language, name in said.names.model_dump().items() if name}
    return {"kind": said.kind, "name": names, **{name: getattr(said, name) or None for name in CODES}}


def _done(here: Organisation, acted: Acted, query: PreviewQuery) -> Response:
    session, actor, vault, at = context.db(), context.actor(), context.vault(), here.id
    consortium = context.settings().consortium
    return declared(
        acted.stating,
        lambda: organisation_acts.perform(session, acted, at, actor, vault, consortium=consortium),
        preview=query.preview,
    )
