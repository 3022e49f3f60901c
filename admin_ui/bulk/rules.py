"""Acts on many rules, at /admin/bulk-rules: ticked in the list of rules, they are withdrawn or given to another owner,
with the effect of all of it first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.bulk import fields
from admin_ui.bulk.pages import SHOWN_PLACES
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.people import effects as effects_view
from admin_ui.people.effects import View
from admin_ui.rules.pages import PATH as RULES, SECTION, RuleLine, lines
from connectors.problem import Problem
from iam.access.model.rule import Rule
from iam.access.pages import listing
from iam.access.pages.listing import RULE_KEYS
from iam.bulk import plan
from iam.bulk.acts import registry
from iam.bulk.acts.act import BulkAct, BulkAsker, SortedPeople
from iam.bulk.plan import BulkPreview
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.texts import N_
from iam.web import context, guard

PATH = "/admin/bulk-rules"
MOST = 200
"""So many rules at once."""


@dataclass(slots=True)
class RulesForm:
    """The form of an act on rules as it was sent: what was typed, which rules, what is wrong, and what follows."""

    typed: Mapping[str, str]
    rules: Mapping[UUID, RuleLine]
    problems: list[Problem] = field(default_factory=list)
    look: BulkPreview | None = None
    effects: View | None = None


@blueprint.get("/bulk-rules")
@guard.requires("rules.write")
def bulk_rules() -> Response:
    """Show the rules that were ticked, and what the act on them asks."""
    form = RulesForm(request.args, _chosen(request.args.getlist("rule")))
    if not form.rules:
        form.problems.append(Problem(N_("No rule was chosen."), N_("Tick rules in the list.")))
    return _page(_kind(request.args.get("does", "")), form)


@blueprint.post("/bulk-rules")
@guard.requires("rules.write")
@guard.recent(PATH)
def do_bulk_rules() -> AnyResponse:
    """Show what an act on rules does; with ``act=save``, and that seen, do it, or keep it waiting for a second
    person."""
    session, who, kind = context.db(), _who(), _kind(request.form.get("does", ""))
    form = RulesForm(request.form, _chosen(request.form.getlist("rule")))
    try:
        act = registry.read(session, who, kind.key, form.typed)
        form.look = plan.preview(session, act, list(form.rules), who, frame.part_of("persons.read"))
        form.effects = effects_view.view(session, form.look.preview)
        if request.form.get("act") != "save":
            return _page(kind, form)
        report = plan.do(session, act, list(form.rules), who, _is_seen)
    except (Invalid, Conflict, Denied) as error:
        form.problems += error.problems
        return _page(kind, form, error.status)
    told = N_("It is done, and rights follow it.")
    if report.waits is not None:
        told = N_("Nothing was changed yet: it waits for a second person.")
    return frame.done(context.texts().gettext(told), RULES)


def _who() -> BulkAsker:
    return BulkAsker(guard.asker(), context.actor(), context.vault(), context.settings().zone)


def _is_seen(digest: str) -> bool:
    return compare_digest(effects_view.sealed(digest).encode(), request.form.get("seen", "").encode())


def _kind(does: str) -> type[BulkAct]:
    found = registry.of(_who(), does or "withdraw-rules")
    if found.people:
        raise NotFound
    return found


def _chosen(keys: Sequence[str]) -> dict[UUID, RuleLine]:
    """The rules of the part with these keys, as lists show them."""
    query = listing.rules(guard.part()).where(Rule.key.in_(keys[:MOST]), guard.part().covers(Rule.__table__.c.owner_id))
    rows = context.db().execute(query.order_by(*RULE_KEYS)).all()
    return {row[0].id: one for row, one in zip(rows, lines(context.db(), rows), strict=True)}


def _page(kind: type[BulkAct], form: RulesForm, status: int = 200) -> Response:
    texts, session = context.texts(), context.db()
    errors = [(one.field, texts.said(one)) for one in form.problems]
    offer = fields.offered(session, guard.part(), kind)
    return frame.render(
        "bulk/rules.html",
        status,
        section=SECTION,
        breadcrumb=[(RULES, texts.gettext(N_("Rules")))],
        kind=kind,
        label=texts.gettext(kind.label),
        path=PATH,
        rules=form.rules.values(),
        typed=form.typed,
        errors=errors,
        wrong={name: sentence for name, sentence in errors if name},
        said=fields.in_words(kind, form.typed, offer),
        effects=form.effects,
        done=len(form.look.people.done) if form.look else 0,
        left=left_rules(form.look.people, {id_: one.called for id_, one in form.rules.items()}) if form.look else [],
        shown_places=SHOWN_PLACES,
        turn="",
        turn_form="bulk",
        **offer,
    )


def left_rules(found: SortedPeople, keys: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """Return which rules are left out, each with why."""
    texts = context.texts()
    return [{"key": keys.get(one, ""), "why": texts.sentence(why)} for one, why in found.left.items()]
