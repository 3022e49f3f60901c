"""Roles and rules at ``/api/v1/roles`` and ``/api/v1/rules``."""

from __future__ import annotations

from flask import Response

from iam.access.administration import Part
from iam.access.pages import counting, listing
from iam.access.pages.counting import Count
from iam.access.pages.listing import ROLE_KEYS, RULE_KEYS
from iam.api.endpoints.answering import answer, answers, blueprint, page
from iam.api.reading import catalogue as read
from iam.api.reading.catalogue import Told
from iam.api.shapes.catalogue import CatalogueQuery, RolePage, RoleWhole, RulePage, RuleWhole
from iam.web import context, guard


@blueprint.get("/roles")
@answers(RolePage)
@blueprint.input(CatalogueQuery, location="query")
@guard.requires("rules.read")
def roles(query_data: CatalogueQuery) -> Response:
    """List the roles of the applications that concern the caller's part."""
    query = listing.roles(guard.part(), text=query_data.q)
    return page(query, ROLE_KEYS, query_data, lambda rows: read.roles(context.db(), rows))


@blueprint.get("/roles/<application>/<key>")
@answers(RoleWhole)
@guard.requires("rules.read")
def role(application: str, key: str) -> Response:
    """Tell one role."""
    return answer(told_role(guard.part(), application, key))


def told_role(part: Part, application: str, key: str) -> Told:
    """Return what is told of a role now; raises ``NotFound`` outside the part."""
    session = context.db()
    row = listing.role_of(session, part, application, key)
    around = listing.roles_around(session, row[0].id)
    further = {
        "includes": [":".join(one) for one in around.included],
        "included_by": [":".join(one) for one in around.including],
        **_held(counting.of_roles(session, part, [row[0].id]).get(row[0].id, counting.NOBODY)),
    }
    return read.roles(session, [row])[0] | further


@blueprint.get("/rules")
@answers(RulePage)
@blueprint.input(CatalogueQuery, location="query")
@guard.requires("rules.read")
def rules(query_data: CatalogueQuery) -> Response:
    """List the rules that concern the caller's part."""
    query = listing.rules(guard.part(), text=query_data.q)
    return page(query, RULE_KEYS, query_data, lambda rows: read.rules(context.db(), rows))


@blueprint.get("/rules/<key>")
@answers(RuleWhole)
@guard.requires("rules.read")
def rule(key: str) -> Response:
    """Tell one rule."""
    return answer(told_rule(guard.part(), key))


def told_rule(part: Part, key: str) -> Told:
    """Return what is told of a rule now; raises ``NotFound`` outside the part."""
    session = context.db()
    row = listing.rule_of(session, part, key)
    further = {"pattern": row[1].pattern, **_held(counting.of_rule(session, part, row[0].id))}
    return read.rules(session, [row])[0] | further


def _held(count: Count) -> dict[str, object]:
    return {"holders": count.n, "holders_more": count.more}
