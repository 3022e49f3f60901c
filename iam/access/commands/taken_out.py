"""Emergencies: a whole definition out of use at once, with a reason, and shown to a second person afterwards."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.access.asker import Asker
from iam.access.commands import publish
from iam.access.commands.catalogue import amend_roles
from iam.access.derivation import later, turns
from iam.access.derivation.derive import derive
from iam.access.model.assignment import Assignment
from iam.access.model.proposal import TakenOut
from iam.access.model.role import Application, Role
from iam.access.model.rule import Rule, RuleVersion
from iam.audit import log
from iam.change import Actor, Change, begin
from iam.errors import Conflict, Invalid, NotFound

PERMISSIONS = {
    "rule": "rules.write",
    "role": "applications.write",
    "client": "applications.write",
    "connection": "config.apply",
}
"""Which permission each kind of definition is taken out of use with, and looked at afterwards."""


def stop_rule(session: Session, part: Part, key: str, reason: str, actor: Actor) -> None:
    """Take a rule out of use now: it gives nothing any more. Raises ``NotFound`` outside ``part``, ``Invalid``,
    ``Conflict``."""
    rule = session.scalars(select(Rule).where(Rule.key == key, part.covers(Rule.__table__.c.owner_id))).one_or_none()
    if rule is None:
        raise NotFound(Problem("There is no such rule, or it is outside your part."))
    in_force = select(RuleVersion.id).where(RuleVersion.rule_id == rule.id, RuleVersion.state == "published")
    if session.scalar(in_force) is None:
        raise Conflict(Problem("The rule is not in force.", "Open its page again."))
    note(session, "rule", key, rule.owner_id, reason, actor)
    change = begin(session, "command", actor, reason.strip())
    publish.take_back(session, change, key, actor)
    _end_of(session, change, [rule.id])


def stop_role(session: Session, part: Part, application: str, key: str, reason: str, actor: Actor) -> None:
    """Take a role out of use now: rules give it no more, and who holds it may do nothing by it. Raises as
    ``stop_rule``."""
    query = select(Role, Application).join(Application, Application.id == Role.application_id)
    query = query.where(Application.key == application, Role.key == key, part.covers(Application.__table__.c.owner_id))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(Problem("There is no such role, or it is outside your part."))
    role, owner = row
    if role.retired:
        raise Conflict(Problem("The role is out of use already.", "Open its page again."))
    note(session, "role", f"{application}:{key}", owner.owner_id, reason, actor)
    amend_roles(session, [{"id": role.id, "retired": True}])
    session.expire(role)
    giving = select(RuleVersion.rule_id).where(RuleVersion.role_id == role.id, RuleVersion.state == "published")
    _end_of(session, begin(session, "command", actor, reason.strip()), list(session.scalars(giving)))


def _end_of(session: Session, change: Change, rule_ids: Collection[UUID]) -> None:
    """End what rules gave that give nothing any more. It waits for nobody: while others are at work the worker goes
    over it once more."""
    if turns.free_for_all(session):
        derive(session, change, rules=rule_ids)
        return
    of_rules = Assignment.rule_version_id.in_(select(RuleVersion.id).where(RuleVersion.rule_id.in_(rule_ids)))
    query = update(Assignment).where(of_rules, Assignment.closed_by.is_(None)).values(closed_by=change.id)
    session.execute(query.execution_options(synchronize_session=False))
    later.note_rules(session, rule_ids)


def note(session: Session, kind: str, key: str, owner_id: UUID, reason: str, actor: Actor) -> None:
    """Remember, with its event, that a definition was taken out of use; raises ``Invalid`` without a reason."""
    if not reason.strip():
        raise Invalid(Problem("A reason is needed.", "Write why it must stop now.", field="reason"))
    session.add(
        TakenOut(
            kind=kind, key=key, owner_id=owner_id, reason=reason.strip(), taken_by=actor.person_id, taken_at=clock.now()
        )
    )
    session.flush()
    envelope = {"kind": kind, "key": key, "reason": reason.strip()}
    log.write(session, "definition:use:stopped", actor, organisation_id=owner_id, envelope=envelope)


def unseen(asker: Asker) -> Select[TakenOut]:
    """Select what was taken out of use where the asker could have done so, and no second person has looked at."""
    owner_id: ColumnElement[UUID] = TakenOut.__table__.c.owner_id
    parts = {kind: asker.part(permission) for kind, permission in PERMISSIONS.items()}
    here = or_(false(), *((TakenOut.kind == kind) & part.covers(owner_id) for kind, part in parts.items() if part))
    return select(TakenOut).where(TakenOut.seen_at.is_(None), here).order_by(TakenOut.taken_at)


def see(session: Session, asker: Asker, id_: UUID, actor: Actor) -> None:
    """Say that a second person looked at it; raises ``NotFound`` outside the part, when it was you, or seen before."""
    t = TakenOut
    mine = or_(t.taken_by.is_(None), t.taken_by != actor.person_id)
    found = session.scalars(unseen(asker).where(t.id == id_, mine)).one_or_none()
    if found is None or actor.person_id is None:
        raise NotFound(Problem("Somebody else than who took it out of use must look at it, once."))
    kind, key, owner_id = found.kind, found.key, found.owner_id
    session.execute(update(t).where(t.id == id_).values(seen_by=actor.person_id, seen_at=clock.now()))
    log.write(session, "definition:use:seen", actor, organisation_id=owner_id, envelope={"kind": kind, "key": key})
