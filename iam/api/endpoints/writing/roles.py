"""A role is stated at ``/api/v1/roles``: made, or said otherwise, as the declaration that a page makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response

from connectors.problem import Problem
from iam.api.endpoints.answering import answers, blueprint, unchanged
from iam.api.endpoints.catalogue import told_role
from iam.api.endpoints.rights import FRESH
from iam.api.endpoints.writing.stated import DONE, PREVIEW, WAITS, in_languages, outcome
from iam.api.shapes.stated import Outcome, PreviewQuery, RoleMade, RoleSaid
from iam.apply.declared.written import Row
from iam.apply.on_pages import application_stating, stating
from iam.errors import Conflict, Invalid, NotFound
from iam.oidc.clients import by_page
from iam.web import context, guard


@blueprint.post("/roles/<application>")
@answers(Outcome, writes=True, waits=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(RoleMade)
@FRESH
@guard.requires("applications.write")
def make_role(application: str, query_data: PreviewQuery, json_data: RoleMade) -> Response:
    """Make a role of an application of the caller's part."""
    of = _application(application)
    if json_data.key in {one["key"] for one in of["roles"]}:
        raise Conflict(Problem("This key is taken.", "Choose another.", field="key"))
    return _stated(of, json_data.key, json_data, query_data)


@blueprint.post("/roles/<application>/<key>")
@answers(Outcome, writes=True, waits=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(RoleSaid)
@FRESH
@guard.requires("applications.write")
def state_role(application: str, key: str, query_data: PreviewQuery, json_data: RoleSaid) -> Response:
    """Say all of a role otherwise: a new version of it."""
    of = _application(application)
    if key not in {one["key"] for one in of["roles"]}:
        raise NotFound(Problem("There is no such role, or it is outside your part."))
    unchanged(lambda: told_role(guard.asker().part("rules.read"), application, key))
    return _stated(of, key, json_data, query_data)


def _application(key: str) -> Row:
    by_page.application(context.db(), guard.part(), key)
    return application_stating.application_row(context.db(), key)


def _stated(of: Row, key: str, said: RoleSaid, query: PreviewQuery) -> Response:
    session, actor, vault = context.db(), context.actor(), context.vault()
    stated = application_stating.role_stated(of, _row(key, said))
    part = guard.asker().part("persons.read")
    try:
        _, would = stating.look(session, stated, actor, vault, part)
    except Invalid as error:
        raise Invalid(*(_of_field(one) for one in error.problems)) from None
    if query.preview:
        return outcome(PREVIEW, would)
    fields, consortium = sorted(said.model_fields_set), context.settings().consortium
    held = application_stating.write(session, stated, actor, vault, fields, consortium=consortium).held
    return outcome(DONE, would) if held is None else outcome(WAITS, would, held.reasons, status=202)


def _row(key: str, said: RoleSaid) -> dict[str, Any]:
    names = in_languages(said.names)
    told = said.model_dump(exclude={"names", "key"})
    return told | {"key": key, "name": names, "content": sorted(set(said.content)), "includes": sorted(said.includes)}


def _of_field(problem: Problem) -> Problem:
    """A problem with the field of the role alone as its place."""
    field = (problem.field or "").partition("roles[0].")[2].replace("name.", "names.")
    return replace(problem, file=None, line=None, field=field or None)
