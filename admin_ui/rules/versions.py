"""A version of a rule at /admin/rules/KEY/versions/N: beside another, what is said otherwise, and restoring it with its
effects first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame, paging
from admin_ui.parts.frame import blueprint
from admin_ui.people import effects as effects_view
from admin_ui.rules.edit import SHOWN_PLACES, done
from admin_ui.rules.pages import PATH, SECTION, said
from admin_ui.rules.proposal import above, called, is_seen
from connectors.problem import Problem
from iam.access.administration import Part, may_touch
from iam.access.commands.publish import Preview, preview
from iam.access.model.rule import Rule, RuleVersion
from iam.access.pages import listing
from iam.access.pages.rule_difference import Altered, differences
from iam.access.pages.rule_versions import numbers, version_of
from iam.access.rules.pattern import parse
from iam.access.rules.sentence import labels, readable
from iam.directory.organisation import Organisation
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from iam.plans import rule_restoring
from iam.texts import N_
from iam.web import context, guard

_VERSION = PATH + "/{key}/versions/{n}"
_MOVED = N_("The effects changed meanwhile. Nothing was done; look at them again.")


@dataclass(frozen=True, slots=True)
class Beside:
    """A version as it stands beside another: its number, its sentence, and the rule as data."""

    n: int
    sentence: str
    data: str


@blueprint.get("/rules/<key>/versions/<int:n>")
@guard.requires("rules.read")
def rule_version(key: str, n: int) -> Response:
    """Show a version beside another (``with``; the one in force), and what restoring it would do."""
    return _shown(key, n, "", 200)


@blueprint.get("/rules/<key>/versions/<int:n>/effects.csv")
@guard.requires("persons.export")
def version_effects_file(key: str, n: int) -> Response:
    """Take home who would gain and who would lose if the version were restored."""
    rule, owner = _own(key, n, frame.part_of("rules.read"))
    would = _effects(context.db(), rule, owner, n, frame.part_of("persons.export"))
    return effects_view.file(context.db(), would)


@blueprint.post("/rules/<key>/versions/<int:n>")
@guard.requires("rules.write")
@guard.recent(_VERSION)
def restore_version(key: str, n: int) -> AnyResponse:
    """Restore a version, when its effects are those that were shown; or keep it as a draft that waits."""
    session, (rule, owner) = context.db(), _own(key, n, guard.part())
    try:
        rule_restoring.restorable(session, rule, n)
        would = _effects(session, rule, owner, n, frame.part_of("persons.read"))
        if not is_seen(would.effects.digest):
            return _shown(key, n, context.texts().gettext(_MOVED), 409)
        waits = rule_restoring.restore(session, _own(key, n, guard.part())[0], n, context.actor())
    except (Denied, Conflict, Invalid) as error:
        return _shown(key, n, context.texts().sentence(error.problems[0]), error.status)
    return done(key, bool(waits), N_("The rule says again what it said then, and rights follow it."))


def _own(key: str, n: int, part: Part) -> tuple[Rule, str]:
    """A rule whose owner is in the part and that has this version, and the owner's key; raises ``NotFound``."""
    session = context.db()
    rule, _, owner = listing.rule_of(session, part, key)
    if not may_touch(session, part, rule.owner_id):
        raise NotFound(Problem("There is no such rule, or it is outside your part."))
    version_of(session, rule.id, n)
    return rule, owner.key


def _effects(session: Session, rule: Rule, owner: str, n: int, part: Part) -> Preview:
    """What restoring would do now; raises ``Invalid`` where it may not be published any more."""
    return preview(session, version_of(session, rule.id, n).pattern, owner, rule.key, part=part)


def _shown(key: str, n: int, wrong: str, status: int) -> Response:
    session = context.db()
    rule, newest, owner = listing.rule_of(session, guard.part(), key)
    found = version_of(session, rule.id, n)
    known = numbers(session, rule.id)
    other = _other(session, found, newest, known)
    before, after, altered = _beside(session, found, other)
    view, refused = _restoring(session, rule, owner, n)
    return frame.render(
        "rules/version.html",
        status,
        section=SECTION,
        breadcrumb=above(key),
        rule=rule,
        called=called(key),
        n=n,
        state=found.state,
        one=before,
        other=after,
        altered=altered,
        versions=[(one, one) for one in known if one != n],
        effects=view,
        refused=refused,
        wrong=wrong,
        shown_places=SHOWN_PLACES,
        turn=paging.address(page=""),
        turn_form=None,
    )


def _other(session: Session, found: RuleVersion, newest: RuleVersion, known: Sequence[int]) -> RuleVersion:
    """The version that the address asks to be compared with; where it names none the one in force, and beside that the
    one before it."""
    asked = request.args.get("with", "")
    if asked.isdecimal() and len(asked) < 7:
        return version_of(session, found.rule_id, int(asked))
    earlier = [one for one in known if one < found.n]
    return version_of(session, found.rule_id, earlier[0]) if found.id == newest.id and earlier else newest


def _beside(session: Session, one: RuleVersion, other: RuleVersion) -> tuple[Beside, Beside, list[Altered] | None]:
    """Two versions and what they say otherwise; None where one of them cannot be read. From the lower number to the
    higher."""
    first, last = sorted((one, other), key=lambda version: version.n)
    names = labels(session, readable((first.pattern, last.pattern)))
    texts = context.texts()
    before, after = (Beside(v.n, said(v.pattern, names), _data(v.pattern)) for v in (first, last))
    parsed = [parse(version.pattern)[0] for version in (first, last)]
    if parsed[0] is None or parsed[1] is None:
        return before, after, None
    return before, after, differences(parsed[0], parsed[1], names, texts.language)


def _data(pattern: Any) -> str:
    return yaml.safe_dump(pattern, allow_unicode=True, sort_keys=False)


def _restoring(session: Session, rule: Rule, owner: Organisation, n: int) -> tuple[effects_view.View | None, str]:
    """What restoring would do, for who may, or why it cannot be restored."""
    write, owner_key = frame.part_of("rules.write"), owner.key
    if not (write and may_touch(session, write, rule.owner_id)):
        return None, ""
    try:
        rule_restoring.restorable(session, rule, n)
        return effects_view.view(session, _effects(session, rule, owner_key, n, frame.part_of("persons.read"))), ""
    except AvainError as error:
        return None, context.texts().sentence(error.problems[0])
