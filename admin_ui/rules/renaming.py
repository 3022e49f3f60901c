"""What a rule is called, at /admin/rules/KEY/name: it takes and gives nothing, so it is written at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from hmac import compare_digest

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.rules.pages import PATH, SECTION
from admin_ui.rules.proposal import above, called
from connectors.problem import Problem
from iam.access.administration import may_touch
from iam.access.commands.renaming import rename_rule
from iam.access.model.rule import Rule
from iam.access.pages import listing
from iam.errors import NotFound
from iam.texts import LANGUAGE_NAMES, LANGUAGES, N_
from iam.web import context, guard

_NAME = PATH + "/{key}/name"
_LONGEST = 200


@blueprint.get("/rules/<key>/name")
@guard.requires("rules.write")
@guard.recent(_NAME)
def rule_name(key: str) -> Response:
    """Show what a rule is called."""
    rule = _own(key)
    return _page(rule, dict(rule.name or {}), {}, 200)


@blueprint.post("/rules/<key>/name")
@guard.requires("rules.write")
@guard.recent(_NAME)
def write_rule_name(key: str) -> AnyResponse:
    """Call a rule otherwise; whoever began before another did is told, and keeps what was typed."""
    rule, texts = _own(key), context.texts()
    typed = {one: " ".join(request.form.get(f"name_{one}", "").split())[:_LONGEST] for one in LANGUAGES}
    if not typed["fi"]:
        return _page(rule, typed, {"name_fi": texts.gettext(N_("The rule needs a name in Finnish."))}, 422)
    if not compare_digest(_stood(rule), request.form.get("stood", "")):
        told = texts.gettext(N_("Somebody called the rule otherwise meanwhile: %(name)s. Look at it, and save again."))
        return _page(rule, typed, {"name_fi": told % {"name": called(key)}}, 409)
    rename_rule(context.db(), rule, {one: typed[one] or typed["fi"] for one in LANGUAGES}, context.actor())
    return frame.done(texts.gettext(N_("The rule is called so now.")), f"{PATH}/{key}")


def _own(key: str) -> Rule:
    """A rule whose owner is in the part; raises ``NotFound``."""
    rule = listing.rule_of(context.db(), guard.part(), key)[0]
    if not may_touch(context.db(), guard.part(), rule.owner_id):
        raise NotFound(Problem("There is no such rule, or it is outside your part."))
    return rule


def _stood(rule: Rule) -> str:
    return hashlib.sha256(json.dumps(rule.name, sort_keys=True).encode()).hexdigest()


def _page(rule: Rule, typed: Mapping[str, str], errors: Mapping[str, str], status: int) -> Response:
    return frame.render(
        "rules/name.html",
        status,
        section=SECTION,
        breadcrumb=above(rule.key),
        action=f"{PATH}/{rule.key}/name",
        typed=typed,
        errors=errors,
        stood=_stood(rule),
        languages=[(one, LANGUAGE_NAMES[one]) for one in LANGUAGES],
    )
