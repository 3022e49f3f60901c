"""Rules at ``/api/v1/rules``: made, said otherwise, withdrawn and called otherwise, as their pages do it.

What waits for a second person is kept as a draft beside what is in force.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part, may_touch
from iam.access.commands.publish import preview
from iam.access.commands.renaming import rename_rule
from iam.access.model.role import Application, Role
from iam.access.model.rule import Rule, RuleVersion
from iam.access.pages import listing
from iam.api.endpoints.answering import answers, blueprint, unchanged
from iam.api.endpoints.catalogue import told_rule
from iam.api.endpoints.rights import FRESH
from iam.api.endpoints.writing.stated import DONE, PREVIEW, WAITS, in_languages, outcome
from iam.api.shapes.rules import RuleMade, RuleNamed, RuleSaid
from iam.api.shapes.stated import Outcome, PreviewQuery
from iam.directory.organisation import Organisation
from iam.errors import Conflict, Invalid, NotFound
from iam.plans import rule_proposals
from iam.web import context, guard

Found = tuple[Rule, RuleVersion, Organisation]
_NOTHING_NEW = Problem("This says nothing new.", "Change something first.")


@blueprint.post("/rules")
@answers(Outcome, writes=True, waits=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(RuleMade)
@FRESH
@guard.requires("rules.write")
def make_rule(query_data: PreviewQuery, json_data: RuleMade) -> Response:
    """Make a rule of an organisation of the caller's part."""
    session, part, pattern, owner = context.db(), guard.part(), json_data.pattern, json_data.owner
    names = in_languages(json_data.names)
    owner_id = session.scalar(select(Organisation.id).where(Organisation.key == owner))
    if owner_id is None or not may_touch(session, part, owner_id):
        message, remedy = "There is no organisation %(key)s.", "Name one of your own part."
        raise Invalid(Problem(message, remedy, field="owner", params={"key": owner}))
    if session.scalar(select(Rule.id).where(Rule.key == json_data.key)) is not None:
        raise Conflict(Problem("This key is taken.", "Choose another.", field="key"))
    _require_role(session, part, pattern)
    actor = context.actor()
    return _done(
        lambda: rule_proposals.publish(session, json_data.key, pattern, owner, actor, name=names),
        (pattern, owner, None),
        query_data,
    )


@blueprint.post("/rules/<key>")
@answers(Outcome, writes=True, waits=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(RuleSaid)
@FRESH
@guard.requires("rules.write")
def state_rule(key: str, query_data: PreviewQuery, json_data: RuleSaid) -> Response:
    """Say a rule otherwise: a new version of it, also of one that was withdrawn."""
    session, pattern, actor = context.db(), json_data.pattern, context.actor()
    _, version, owner = _own(session, key)
    unchanged(lambda: told_rule(guard.asker().part("rules.read"), key))
    if version.state == "published" and version.pattern == pattern:
        raise Conflict(_NOTHING_NEW)
    _require_role(session, guard.part(), pattern)
    publish, place = rule_proposals.publish, owner.key
    return _done(lambda: publish(session, key, pattern, place, actor), (pattern, place, key), query_data)


@blueprint.post("/rules/<key>/withdraw")
@answers(Outcome, writes=True, waits=True)
@blueprint.input(PreviewQuery, location="query")
@FRESH
@guard.requires("rules.write")
def withdraw_rule(key: str, query_data: PreviewQuery) -> Response:
    """Withdraw a rule: it gives nothing any more."""
    session, actor = context.db(), context.actor()
    _, version, owner = _own(session, key)
    unchanged(lambda: told_rule(guard.asker().part("rules.read"), key))
    if version.state != "published":
        raise Conflict(Problem("The rule is not in force.", "Open its page again."))
    return _done(lambda: rule_proposals.withdraw(session, key, actor), (None, owner.key, key), query_data)


@blueprint.post("/rules/<key>/name")
@answers(Outcome, writes=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(RuleNamed)
@FRESH
@guard.requires("rules.write")
def name_rule(key: str, query_data: PreviewQuery, json_data: RuleNamed) -> Response:
    """Call a rule otherwise: nobody gets or loses anything by it."""
    session = context.db()
    rule, *_ = _own(session, key)
    unchanged(lambda: told_rule(guard.asker().part("rules.read"), key))
    names = in_languages(json_data.names)
    if rule.name == names:
        raise Conflict(_NOTHING_NEW)
    if query_data.preview:
        return outcome(PREVIEW)
    rename_rule(session, rule, names, context.actor())
    return outcome(DONE)


def _own(session: Session, key: str) -> Found:
    """A rule whose owner is in the part; raises ``NotFound``."""
    found = listing.rule_of(session, guard.part(), key)
    if not may_touch(session, guard.part(), found[0].owner_id):
        raise NotFound(Problem("There is no such rule, or it is outside your part."))
    return found


def _require_role(session: Session, part: Part, pattern: Mapping[str, Any]) -> None:
    """Raise ``Invalid`` where the rule gives a role that does not concern the part; its form is for publishing to
    judge."""
    gives = pattern.get("gives")
    named = gives.get("role") if isinstance(gives, Mapping) else None
    if not isinstance(named, str):
        return
    application, _, role = named.partition(":")
    query = listing.roles(part, application=application).where(Role.key == role, ~Role.retired, ~Application.retired)
    if session.scalar(query.with_only_columns(Role.id)) is None:
        message, remedy = "There is no role %(role)s.", "Choose a role of the list."
        raise Invalid(Problem(message, remedy, field="gives.role", params={"role": named}))


def _done(
    perform: Callable[[], Sequence[Problem]],
    said: tuple[Mapping[str, Any] | None, str, str | None],
    query: PreviewQuery,
) -> Response:
    """Tell what it does (``said``: pattern, owner and key), or do it and tell whether it waits."""
    would = preview(context.db(), *said, part=guard.asker().part("persons.read"))
    if query.preview:
        return outcome(PREVIEW, would)
    reasons = perform()
    return outcome(WAITS, would, reasons, status=202) if reasons else outcome(DONE, would)
