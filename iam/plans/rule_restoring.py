"""An earlier version of a rule is restored: what it says is published anew, as any version is.

Flow: ``restorable`` -> ``rule_proposals.publish`` (done at once, or a draft that waits for a second person). The
version itself stays what it was: another with the next number says the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.model.rule import Rule, RuleVersion
from iam.access.pages.rule_versions import version_of
from iam.audit import log
from iam.change import Actor
from iam.directory.organisation import Organisation
from iam.errors import Conflict
from iam.plans import rule_proposals
from iam.texts import N_


def restorable(session: Session, rule: Rule, n: int) -> RuleVersion:
    """Return a version that can be restored; raises ``NotFound``, and ``Conflict`` for one that waits or says what is
    in force."""
    found = version_of(session, rule.id, n)
    if found.state == "draft":
        raise Conflict(Problem(N_("This version waits for a second person."), N_("Decide that first.")))
    query = select(RuleVersion).where(RuleVersion.rule_id == rule.id, RuleVersion.state == "published")
    standing = session.scalars(query).one_or_none()
    if standing is not None and standing.pattern == found.pattern:
        raise Conflict(Problem(N_("The rule says this already."), N_("Choose another version.")))
    return found


def restore(session: Session, rule: Rule, n: int, actor: Actor) -> Sequence[Problem]:
    """Publish what a version says, or keep it as a draft that waits; return why it waits (nothing: it is in force).

    Raises as ``restorable``; ``Invalid`` where it may not be published as things are now, ``Denied`` when the actor
    would gain a sensitive role.
    """
    found, owner = restorable(session, rule, n), session.get_one(Organisation, rule.owner_id).key
    waits = rule_proposals.publish(session, rule.key, found.pattern, owner, actor)
    told = {"rule": rule.key, "restored": n, "waits": bool(waits)}
    log.write(session, "rule:version:restored", actor, organisation_id=rule.owner_id, envelope=told)
    return waits
