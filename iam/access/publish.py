"""Publishing rules: a new version, the one before withdrawn, and everybody's rights brought in line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session, aliased

from connectors.problem import Problem
from iam import clock
from iam.access import world as loading
from iam.access.administration import WHOLE, Part
from iam.access.assignment import Assignment
from iam.access.derive import derive
from iam.access.match import first_failing, matches
from iam.access.resolve import check, load
from iam.access.rule import Rule, RuleVersion
from iam.audit import log
from iam.change import SYSTEM, Actor, Change, begin
from iam.directory.organisation import Organisation
from iam.errors import Invalid, NotFound
from iam.texts import LANGUAGES


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing would do: persons per organisation who gain or lose the role, and a few of them."""

    gained: int
    lost: int
    unchanged: int
    by_organisation: list[tuple[str, dict[str, str], int, int]]
    sample: list[UUID]


def write(
    session: Session, change: Change, key: str, pattern: Mapping[str, Any], owner: str, actor: Actor
) -> RuleVersion:
    """Write and publish a new version of a rule under ``change``, without deriving; raises ``Invalid`` with every problem."""
    names = load(session)
    parsed, problems = check(pattern, owner, names)
    if parsed is None:
        raise Invalid(*problems)
    owner_id = names.organisations[owner]
    rule = session.scalars(select(Rule).where(Rule.key == key)).one_or_none()
    if rule is None:
        rule = Rule(key=key, owner_id=owner_id)
        session.add(rule)
        session.flush()
    elif rule.owner_id != owner_id:
        raise Invalid(
            Problem(
                "The rule %(key)s belongs to another organisation.",
                "Choose another name.",
                field="rule",
                params={"key": key},
            )
        )
    latest = session.scalar(select(func.max(RuleVersion.n)).where(RuleVersion.rule_id == rule.id)) or 0
    session.execute(
        update(RuleVersion)
        .where(RuleVersion.rule_id == rule.id, RuleVersion.state == "published")
        .values(state="withdrawn")
    )
    version = RuleVersion(
        rule_id=rule.id, n=latest + 1, pattern=dict(pattern), role_id=names.roles[parsed.role][0], state="published",
        author_id=actor.person_id, published_by=actor.person_id, change_id=change.id,
    )  # fmt: skip
    session.add(version)
    session.flush()
    log.write(
        session, "rule:version:published", actor, organisation_id=owner_id, change_id=change.id,
        envelope={"rule": key, "version": version.n},
    )  # fmt: skip
    return version


def publish(session: Session, key: str, pattern: Mapping[str, Any], owner: str, actor: Actor) -> RuleVersion:
    """Publish a new version of a rule and derive its rights; raises ``Invalid``."""
    change = begin(session, "command", actor, f"rule {key}")
    version = write(session, change, key, pattern, owner, actor)
    derive(session, change, rules=[version.rule_id])
    return version


def withdraw(session: Session, key: str, actor: Actor) -> None:
    """Withdraw a rule: it gives nothing any more. Raises ``NotFound``."""
    rule = session.scalars(select(Rule).where(Rule.key == key)).one_or_none()
    if rule is None:
        raise NotFound(Problem("There is no rule %(key)s.", "Check the key.", params={"key": key}))
    change = begin(session, "command", actor, f"rule {key}")
    session.execute(
        update(RuleVersion)
        .where(RuleVersion.rule_id == rule.id, RuleVersion.state == "published")
        .values(state="withdrawn")
    )
    derive(session, change, rules=[rule.id])
    log.write(
        session,
        "rule:version:withdrawn",
        actor,
        organisation_id=rule.owner_id,
        change_id=change.id,
        envelope={"rule": key},
    )


def preview(
    session: Session, pattern: Mapping[str, Any], owner: str, key: str | None = None, *, part: Part = WHOLE
) -> Preview:
    """Return what publishing ``pattern`` as rule ``key`` (None: a new one) would do; computed in a savepoint, nothing is kept.

    Counted are those of whom an asker with ``part`` may be told. Raises ``Invalid`` with every problem.
    """
    trial = session.begin_nested()
    try:
        change = begin(session, "command", SYSTEM, "preview")
        version = write(session, change, key or f"preview-{change.id}", pattern, owner, SYSTEM)
        derive(session, change, rules=[version.rule_id])
        return _effects(session, change, version, part)
    finally:
        trial.rollback()
        session.expire_all()


def _effects(session: Session, change: Change, version: RuleVersion, part: Part) -> Preview:
    of_rule = Assignment.rule_version_id.in_(select(RuleVersion.id).where(RuleVersion.rule_id == version.rule_id))
    mine = of_rule & part.tells_right(Assignment)
    gained, lost = _moved(session, change, mine, opened=True), _moved(session, change, mine, opened=False)
    still = select(func.count(Assignment.person_id.distinct())).where(mine, Assignment.closed_by.is_(None))
    total = session.scalar(still) or 0
    places = {scope_id for scope_id, _ in (*gained, *lost)}
    rows = session.scalars(select(Organisation).where(Organisation.id.in_(places)).order_by(Organisation.key))
    table = [
        (
            o.key,
            {ln: o.name(ln) for ln in LANGUAGES},
            sum(s == o.id for s, _ in gained),
            sum(s == o.id for s, _ in lost),
        )
        for o in rows
    ]
    winners = {person_id for _, person_id in gained}
    return Preview(
        len(winners),
        len({person_id for _, person_id in lost}),
        max(0, total - len(winners)),
        table,
        sorted(winners, key=str)[:10],
    )


def _moved(session: Session, change: Change, mine: Any, *, opened: bool) -> set[tuple[UUID, UUID]]:
    """The scopes and persons that gain (or lose): the other side holds no assignment of the same role there."""
    a, b = Assignment, aliased(Assignment)
    now = clock.now()
    touched = a.opened_by == change.id if opened else a.closed_by == change.id
    held: ColumnElement[bool] = b.closed_by.is_(None)
    if opened:
        held = (held & (b.opened_by != change.id)) | (b.closed_by == change.id)
    same = select(b.id).where(
        b.person_id == a.person_id,
        b.role_id == a.role_id,
        b.scope_id == a.scope_id,
        held,
        b.valid_to > now,
        b.id != a.id,
    )
    query = select(a.scope_id, a.person_id).where(mine, touched, a.valid_to > now, ~same.exists()).distinct()
    return {(scope_id, person_id) for scope_id, person_id in session.execute(query)}


def try_person(
    session: Session,
    pattern: Mapping[str, Any],
    owner: str,
    person_id: UUID,
    at: datetime | None = None,
    *,
    part: Part = WHOLE,
) -> tuple[bool, Problem | None]:
    """Return whether a rule's conditions hold for a person at ``at``, and the first that fails; raises ``Invalid``.

    Of the person's facts only those in ``part`` are looked at.
    """
    names = load(session)
    parsed, problems = check(pattern, owner, names)
    if parsed is None:
        raise Invalid(*problems)
    moment, owner_id = at or clock.now(), names.organisations[owner]
    facts, around = loading.facts(session, person_id, part=part), loading.world(session)
    if any(m.span.start <= moment < m.span.end for m in matches(parsed, owner_id, names, facts, around)):
        return True, None
    return False, first_failing(parsed, owner_id, names, facts, around, moment)[1]
