"""Builders of what administrators declare: applications and roles, code lists, rules, agreements and grants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.commands import catalogue
from iam.access.commands.catalogue import NewRule, NewVersion
from iam.access.derivation import derive
from iam.access.living import live_until
from iam.access.model import agreements
from iam.access.model.agreement import AgreementClause, AgreementSuspension
from iam.access.model.agreements import Clause, Party, Term
from iam.access.model.assignment import AdminGrant
from iam.access.model.role import Role
from iam.access.model.rule import Rule, RuleVersion
from iam.access.rules.naming import load
from iam.access.rules.pattern import parse
from iam.database.types import uuid7
from tests.kit.factories import facts


def application(session: Session, owner_id: UUID, key: str = "wilma", *enabled: UUID) -> UUID:
    """Add an application, enabled for these organisations, or for the whole tree when none is named."""
    id_ = uuid7()
    row = {
        "id": id_,
        "key": key,
        "owner_id": owner_id,
        "name": {"fi": key.title()},
        "audience": f"https://{key}.example",
    }
    catalogue.add_applications(session, [row])
    catalogue.set_enabled(session, {id_: enabled or facts.roots(session)})
    return id_


def role(
    session: Session,
    application_id: UUID,
    key: str = "opettaja",
    content: Collection[str] = ("oppilaat:read",),
    enforcement: str = "by token",
    handed_out: str = "parts",
) -> UUID:
    """Add a role with its first version; ``content`` is ``data-group:operation``."""
    id_ = uuid7()
    row = {"id": id_, "application_id": application_id, "key": key, "retired": False, "handed_out": handed_out}
    catalogue.add_roles(session, [row])
    change_role(session, id_, content, enforcement)
    return id_


def change_role(session: Session, role_id: UUID, content: Collection[str], enforcement: str = "by token") -> UUID:
    """Put another version of a role in force; returns the role."""
    pairs = [(group, operation) for group, _, operation in (item.partition(":") for item in content)]
    name = session.scalars(select(Role.key).where(Role.id == role_id)).one()
    catalogue.publish_versions(
        session, facts.change(session), [NewVersion(role_id, {"fi": name.title()}, enforcement, pairs)]
    )
    return role_id


def include(session: Session, role_id: UUID, *included: UUID) -> UUID:
    """Make a role include others (and all that they include, which the caller names too); returns the role."""
    catalogue.write_closure(session, {role_id: included})
    return role_id


def code_list(session: Session, key: str, *codes: str) -> None:
    """Write a list of occupation codes, of the root."""
    catalogue.write_code_lists(session, {key: codes})
    catalogue.own_code_lists(session, {key: facts.roots(session)[0]})


def teachers(role: str = "wilma:opettaja", **affiliation: Any) -> dict[str, Any]:
    """The pattern of the simplest rule: whoever has an affiliation like this gets the role there, while not absent."""
    conditions = affiliation or {"kind": "employee"}
    return {
        "bind": {"a": {"affiliation": conditions}},
        "unless": {"absence_of": "a"},
        "gives": {"role": role, "scope": "organisation of a"},
    }


def rule(session: Session, owner_id: UUID, pattern: Mapping[str, Any], key: str = "saanto") -> UUID:
    """Publish the next version of a rule, unchecked and without deriving; returns the rule's id."""
    parsed, problems = parse(pattern)
    assert parsed is not None, problems
    rule_id = session.scalars(select(Rule.id).where(Rule.key == key)).one_or_none()
    if rule_id is None:
        rule_id = uuid7()
        catalogue.add_rules(session, [{"id": rule_id, "key": key, "owner_id": owner_id}])
    role_id = load(session).roles[parsed.role][0]
    catalogue.publish_rules(session, facts.change(session), [NewRule(rule_id, pattern, role_id)])
    return rule_id


def rule_version(session: Session, key: str) -> UUID:
    """The published version of a rule."""
    query = select(RuleVersion.id).join(Rule, Rule.id == RuleVersion.rule_id)
    return session.scalars(query.where(Rule.key == key, RuleVersion.state == "published")).one()


def derive_all(session: Session) -> derive.Counts:
    """Bring everybody's rights in line."""
    return derive.derive(session, facts.change(session))


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreement and its only clause, to be altered."""

    id: UUID
    clause: Clause


def agreement(
    session: Session,
    grantor_id: UUID,
    grantee_id: UUID,
    scope_id: UUID,
    allows: Mapping[str, Sequence[str]],
    *,
    key: str = "sopimus",
    term: tuple[datetime, datetime] = (clock.LONG_AGO, clock.FOREVER),
    signed: date | None = date(2026, 6, 1),
    with_descendants: bool = True,
    dates: tuple[datetime, datetime] = (clock.LONG_AGO, clock.FOREVER),
) -> Agreed:
    """Conclude an agreement of one clause; ``allows``: occupation to ``data-group:operation``; ``signed`` by the
    grantee."""
    id_ = uuid7()
    row = {
        "id": id_,
        "key": key,
        "case_number": f"{key}-1",
        "decision": {},
        "purpose": "test",
        "legal_basis": {},
        "owner_id": grantor_id,
    }
    agreements.add(session, [row])
    parties = [Party(grantor_id, "controller", date(2026, 6, 1)), Party(grantee_id, "controller", signed)]
    set_parties(session, id_, parties)
    set_term(session, id_, *term)
    content = frozenset((who, *item.split(":", 1)) for who, items in allows.items() for item in items)
    clause = Clause(grantor_id, grantee_id, scope_id, with_descendants, None, None, None, *dates, content)  # type: ignore[arg-type]
    agreements.set_clauses(session, facts.change(session), {id_: [clause]})
    return Agreed(id_, clause)


def set_term(session: Session, agreement_id: UUID, since: datetime, until: datetime) -> None:
    """Say when an agreement is in force; nothing is derived."""
    agreements.set_terms(session, facts.change(session), {agreement_id: Term(since, until)})


def set_parties(session: Session, agreement_id: UUID, parties: Sequence[Party]) -> None:
    """Say who the parties of an agreement are; nothing is derived."""
    agreements.set_parties(session, facts.change(session), {agreement_id: parties})


def set_clauses(session: Session, agreement_id: UUID, clauses: Sequence[Clause]) -> None:
    """Say what an agreement allows; nothing is derived."""
    agreements.set_clauses(session, facts.change(session), {agreement_id: clauses})


def suspend(
    session: Session, agreement_id: UUID, entity_id: UUID, since: datetime, until: datetime = clock.FOREVER
) -> None:
    """Suspend an agreement for a time."""
    change = facts.change(session)
    session.add(
        AgreementSuspension(
            agreement_id=agreement_id,
            legal_entity_id=entity_id,
            reason="test",
            valid_from=since,
            valid_to=until,
            opened_by=change.id,
        )
    )
    session.flush()


def lives_at(session: Session, agreement_id: UUID, at: datetime) -> bool:
    """Whether the agreement's only clause lives at an instant."""
    of_it = select(AgreementClause.id).where(AgreementClause.agreement_id == agreement_id)
    clause_id = session.scalars(of_it.where(AgreementClause.closed_by.is_(None))).one()
    return session.scalar(live_until(clause_id, at)) is not None


def sign(session: Session, agreed: Agreed, signed: date | None) -> None:
    """Say when the grantee signed."""
    both = (agreed.clause.grantor_id, date(2026, 6, 1)), (agreed.clause.grantee_id, signed)
    set_parties(session, agreed.id, [Party(entity_id, "controller", day) for entity_id, day in both])


def alter(session: Session, agreed: Agreed, **values: Any) -> None:
    """Replace the agreement's clause by one that differs in ``values``."""
    agreements.set_clauses(session, facts.change(session), {agreed.id: [replace(agreed.clause, **values)]})


def admin_grant(
    session: Session,
    person_id: UUID,
    permission: str,
    organisation_id: UUID,
    since: datetime = clock.LONG_AGO,
    until: datetime = clock.FOREVER,
) -> AdminGrant:
    """Make a person an administrator of a part."""
    row = AdminGrant(
        person_id=person_id,
        permission=permission,
        organisation_id=organisation_id,
        valid_from=since,
        valid_to=until,
        opened_by=facts.change(session).id,
    )
    session.add(row)
    session.flush()
    return row
