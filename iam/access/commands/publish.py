"""Publishing rules: a new version, the one before withdrawn, and everybody's rights brought in line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import WHOLE, Part
from iam.access.commands.catalogue import withdraw_rules
from iam.access.commands.clause_lives import Moved
from iam.access.commands.effects import MARK, Effect, Effects, read, tellable
from iam.access.derivation.derive import derive
from iam.access.explanation.why_not import nowhere
from iam.access.model.assignment import Assignment
from iam.access.model.rule import Rule, RuleVersion
from iam.access.rules import world as loading
from iam.access.rules.match import first_failing, matches
from iam.access.rules.naming import load
from iam.access.rules.resolve import check
from iam.audit import log
from iam.change import SYSTEM, Actor, Change, begin
from iam.directory.organisation import Organisation
from iam.errors import Invalid, NotFound
from iam.texts import N_


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing or withdrawing would do, and how many keep what the rule gives as it is (None: not asked).

    ``told`` is what of it the asker may be told: person, role and scope; None: everything.
    """

    effects: Effects
    unchanged: int | None
    told: frozenset[Moved] | None

    def rows(self) -> Sequence[Effect]:
        """The rights that are gained and lost, of which the asker may be told."""
        rows, told = self.effects.rows, self.told
        return rows if told is None else [row for row in rows if row[1:4] in told]

    def since(self, shown: bytes) -> Sequence[Effect]:
        """Those of ``rows`` that were not among the effects whose marks were ``shown``."""
        known = {shown[at : at + MARK] for at in range(0, len(shown), MARK)}
        new = {row for row, mark in zip(self.effects.rows, self.effects.marks, strict=True) if mark not in known}
        return [row for row in self.rows() if row in new]


def write(
    session: Session,
    change: Change,
    key: str,
    pattern: Mapping[str, Any],
    owner: str,
    actor: Actor,
    *,
    name: Mapping[str, str] | None = None,
    draft: bool = False,
) -> RuleVersion:
    """Write and publish a new version of a rule under ``change``, without deriving; raises ``Invalid`` with every
    problem.

    ``name`` is what a new rule is called, by language; one that stands is renamed by ``renaming``. A ``draft`` is
    written beside what is published, and waits for a second person.
    """
    names = load(session)
    parsed, problems = check(pattern, owner, names)
    if parsed is None:
        raise Invalid(*problems)
    owner_id = names.organisations[owner]
    rule = session.scalars(select(Rule).where(Rule.key == key)).one_or_none()
    if rule is None:
        rule = Rule(key=key, owner_id=owner_id, name=None if name is None else dict(name))
        session.add(rule)
        session.flush()
    elif rule.owner_id != owner_id:
        owned = N_("The rule %(key)s belongs to another organisation.")
        raise Invalid(Problem(owned, "Choose another name.", field="rule", params={"key": key}))
    latest = session.scalar(select(func.max(RuleVersion.n)).where(RuleVersion.rule_id == rule.id)) or 0
    withdraw_rules(session, [rule.id], drafts_only=draft)
    version = RuleVersion(
        rule_id=rule.id,
        n=latest + 1,
        pattern=dict(pattern),
        role_id=names.roles[parsed.role][0],
        state="draft" if draft else "published",
        author_id=actor.person_id,
        published_by=None if draft else actor.person_id,
        change_id=change.id,
    )
    session.add(version)
    session.flush()
    if not draft:
        _tell(session, rule, version, change, actor)
    return version


def _tell(session: Session, rule: Rule, version: RuleVersion, change: Change, actor: Actor) -> None:
    log.write(
        session,
        "rule:version:published",
        actor,
        organisation_id=rule.owner_id,
        change_id=change.id,
        envelope={"rule": rule.key, "version": version.n},
    )


def release(session: Session, change: Change, version: RuleVersion, actor: Actor) -> Rule:
    """Put a draft in force under ``change``, without deriving; raises ``Invalid`` when it may not be published as
    things are now."""
    rule = session.get_one(Rule, version.rule_id)
    owner = session.get_one(Organisation, rule.owner_id)
    parsed, problems = check(version.pattern, owner.key, load(session))
    if parsed is None:
        raise Invalid(*problems)
    withdraw_rules(session, [rule.id])
    version.state, version.published_by, version.change_id = "published", actor.person_id, change.id
    session.flush()
    _tell(session, rule, version, change, actor)
    return rule


def publish(
    session: Session,
    key: str,
    pattern: Mapping[str, Any],
    owner: str,
    actor: Actor,
    *,
    name: Mapping[str, str] | None = None,
) -> RuleVersion:
    """Publish a new version of a rule and derive its rights; raises ``Invalid``."""
    change = begin(session, "command", actor, f"rule {key}")
    version = write(session, change, key, pattern, owner, actor, name=name)
    derive(session, change, rules=[version.rule_id])
    return version


def withdraw(session: Session, key: str, actor: Actor) -> Change:
    """Withdraw a rule: it gives nothing any more; return the change. Raises ``NotFound``."""
    change = begin(session, "command", actor, f"rule {key}")
    rule = take_back(session, change, key, actor)
    derive(session, change, rules=[rule.id])
    return change


def take_back(session: Session, change: Change, key: str, actor: Actor) -> Rule:
    """Withdraw a rule under ``change``, with its event, without deriving; raises ``NotFound``."""
    rule = session.scalars(select(Rule).where(Rule.key == key)).one_or_none()
    if rule is None:
        raise NotFound(Problem("There is no rule %(key)s.", "Check the key.", params={"key": key}))
    withdraw_rules(session, [rule.id])
    log.write(
        session,
        "rule:version:withdrawn",
        actor,
        organisation_id=rule.owner_id,
        change_id=change.id,
        envelope={"rule": key},
    )
    return rule


def preview(
    session: Session, pattern: Mapping[str, Any] | None, owner: str, key: str | None = None, *, part: Part = WHOLE
) -> Preview:
    """Return what publishing ``pattern`` as rule ``key`` (None: a new one) would do; computed in a savepoint, nothing
    is kept.

    Without a pattern it is what withdrawing the rule would do. ``part`` is the asker's: it narrows who is counted as
    keeping what they have, and says what of the effects the asker may be told. Raises ``Invalid`` with every problem.
    """
    trial = session.begin_nested()
    try:
        change = begin(session, "command", SYSTEM, "preview")
        rule_id = (
            take_back(session, change, key or "", SYSTEM).id
            if pattern is None
            else write(session, change, key or f"preview-{change.id}", pattern, owner, SYSTEM).rule_id
        )
        derive(session, change, rules=[rule_id], trial=True)
        effects = read(session, change.id, basis=basis(key or "", owner, pattern))
        found = Preview(effects, None, tellable(session, change.id, part))
        gained = {row.person_id for row in found.rows() if row.gains}
        return replace(found, unchanged=max(0, _holding(session, rule_id, part) - len(gained)))
    finally:
        trial.rollback()
        session.expire_all()


def basis(key: str, owner: str, pattern: Mapping[str, Any] | None) -> str:
    """Return what is digested with the effects of a rule: its name, its owner, and what it says (nothing: it is
    withdrawn)."""
    return json.dumps([key, owner, pattern], sort_keys=True, ensure_ascii=False)


def _holding(session: Session, rule_id: UUID, part: Part) -> int:
    mine = select(RuleVersion.id).where(RuleVersion.rule_id == rule_id)
    query = select(func.count(Assignment.person_id.distinct())).where(
        Assignment.rule_version_id.in_(mine), Assignment.closed_by.is_(None), part.tells_right(Assignment)
    )
    return session.scalar(query) or 0


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
    facts = loading.facts(session, person_id, part=part)
    around = loading.world(session, near=loading.near(facts, [(owner_id, parsed)], names))
    if any(m.span.start <= moment < m.span.end for m in matches(parsed, owner_id, names, facts, around)):
        return True, None
    failing = first_failing(parsed, owner_id, names, facts, around, moment)
    return False, nowhere(parsed) if failing is None else failing[1]
