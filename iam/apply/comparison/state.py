"""What stands: definitions whole, people by the logins asked for, all in shapes and with their ids. A fixed number of
queries.

Definitions (organisations, applications, roles, rules, agreements, sources) are thousands at most and are read whole;
people and what hangs on them are read by sets of logins, or all of them for an export.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from iam.access.model import agreements
from iam.access.model.agreement import Agreement, AgreementParty, AgreementTerm
from iam.access.model.role import Application, ApplicationEnabled, Role, RoleClosure, RoleContent, RoleVersion
from iam.access.model.rule import CodeList, CodeListOwner, Rule, RuleVersion
from iam.apply.comparison.people import People
from iam.apply.declared.shapes import ORDER, ClauseShape, Shape, opened_key, relation_key
from iam.apply.schema.applications import DECLARED
from iam.directory.organisation import Organisation
from iam.directory.source import Source
from iam.lifecycle.organisations import commands as organisations, openings
from iam.lifecycle.organisations.tree import Place
from iam.oidc.clients import write as registration
from iam.oidc.model import Client
from iam.signin.accounts import session_policy, username_rules
from iam.signin.factors import policy
from iam.signin.federation import openings as connection_openings
from iam.signin.federation.connection import Connection


@dataclass(slots=True)
class State:
    """Shapes and ids by kind and key; the tree by organisation id; secrets' hashes by client id; the people asked for.

    ``self_registered`` are the clients that manage their own registration.
    """

    shapes: dict[str, dict[str, Shape]] = field(default_factory=lambda: {kind: {} for kind in ORDER})
    ids: dict[str, dict[str, UUID]] = field(default_factory=lambda: {kind: {} for kind in ORDER})
    tree: dict[UUID, list[Place]] = field(default_factory=dict)
    secrets: dict[str, set[bytes]] = field(default_factory=dict)
    self_registered: set[str] = field(default_factory=set)
    people: People = field(default_factory=People)

    def keys(self, kind: str) -> dict[UUID, str]:
        """Return keys by id."""
        return {id_: key for key, id_ in self.ids[kind].items()}

    def put(self, kind: str, key: str, id_: UUID, shape: Shape) -> None:
        """Add one thing."""
        self.ids[kind][key] = id_
        self.shapes[kind][key] = shape


def load(session: Session) -> State:
    """Return the definitions that stand, without people."""
    state = State()
    _organisations(session, state)
    _code_lists(session, state)
    _sources(session, state)
    _opened(session, state)
    _connections(session, state)
    _applications(session, state)
    _roles(session, state)
    _clients(session, state)
    _agreements(session, state)
    _rules(session, state)
    return state


def place_shapes(places: list[Place], keys: dict[UUID, str]) -> list[tuple[Any, ...]]:
    """Return an organisation's places as parent, whether it is its own legal entity, start and end."""
    return [
        (place.parent_id and keys.get(place.parent_id), place.own_entity, place.valid_from, place.valid_to)
        for place in places
    ]


def _organisations(session: Session, state: State) -> None:
    rows = session.execute(select(Organisation.__table__).order_by(Organisation.key)).all()
    state.ids["organisation"] = {row.key: row.id for row in rows}
    state.tree = organisations.places(session)
    keys, asking, limits = state.keys("organisation"), policy.asking(session), session_policy.stated(session)
    names = username_rules.stated(session)
    for row in rows:
        state.shapes["organisation"][row.key] = {
            "kind": row.kind,
            "name": {"fi": row.name_fi, "sv": row.name_sv, "en": row.name_en},
            "oph_oid": row.oph_oid,
            "school_code": row.school_code,
            "business_id": row.business_id,
            "places": place_shapes(state.tree.get(row.id, []), keys),
            "second_factor": {"remember_days": asking[row.id]} if row.id in asking else None,
            "sessions": dict(zip(("idle_minutes", "hours"), limits[row.id], strict=True)) if row.id in limits else None,
            "usernames": names.get(row.id, {}),
        }
    for (one, kind, other), intervals in organisations.relations(session).items():
        state.shapes["relation"][relation_key(keys[one], kind, keys[other])] = {"intervals": sorted(intervals)}


def _code_lists(session: Session, state: State) -> None:
    owners = state.keys("organisation")
    query = select(CodeList.key, CodeList.code, CodeListOwner.owner_id).order_by(CodeList.key, CodeList.code)
    for key, code, owner_id in session.execute(query.outerjoin(CodeListOwner, CodeListOwner.key == CodeList.key)):
        shape: Shape = {"owner": owner_id and owners[owner_id], "codes": []}
        state.shapes["code list"].setdefault(key, shape)["codes"].append(code)


def _sources(session: Session, state: State) -> None:
    owners = state.keys("organisation")
    fields = (
        "connector",
        "purpose",
        "priority",
        "zone",
        "settings",
        "matching",
        "correlate",
        "keep_good_rows",
        "missing_hours",
        "disabled",
    )
    for row in session.execute(select(Source.__table__).order_by(Source.key)):
        state.put(
            "source", row.key, row.id, {"owner": owners[row.owner_id]} | {name: getattr(row, name) for name in fields}
        )


def _opened(session: Session, state: State) -> None:
    organisations_, sources = state.keys("organisation"), state.keys("source")
    for (organisation_id, source_id), intervals in openings.standing(session).items():
        key = opened_key(organisations_[organisation_id], sources[source_id])
        state.shapes["opened source"][key] = {"opened": intervals}


def _connections(session: Session, state: State) -> None:
    fields = ("name", "issuer", "client_id", "scope", "domains", "applications", "identifier", "retired")
    owners = state.keys("organisation")
    for row in session.execute(select(Connection.__table__).order_by(Connection.key)):
        said = {"owner": owners[row.owner_id] if row.owner_id else None}
        state.put("connection", row.key, row.id, said | {name: getattr(row, name) for name in fields})
    keys = state.keys("connection")
    for (connection_id, organisation_id), intervals in connection_openings.standing(session).items():
        name = opened_key(owners[organisation_id], keys[connection_id])
        state.shapes["opened connection"][name] = {"opened": intervals}


def _applications(session: Session, state: State) -> None:
    owners = state.keys("organisation")
    enabled: dict[UUID, list[str]] = defaultdict(list)
    for application_id, organisation_id in session.execute(
        select(ApplicationEnabled.application_id, ApplicationEnabled.organisation_id)
    ):
        enabled[application_id].append(owners[organisation_id])
    for row in session.execute(select(Application.__table__).order_by(Application.key)):
        shape = {
            "owner": owners[row.owner_id],
            "name": row.name,
            "audience": row.audience,
            "entry": row.entry,
            "enabled": sorted(enabled[row.id]),
            "notice": row.notice,
            "ask_capacity": row.ask_capacity,
            "subject": row.subject_mode,
            "least_acr": row.least_acr,
            "retired": row.retired,
        }
        state.put("application", row.key, row.id, shape)


def _roles(session: Session, state: State) -> None:
    newest = select(RoleVersion.role_id, func.max(RoleVersion.n).label("n")).group_by(RoleVersion.role_id).subquery()
    rows = session.execute(
        select(
            Role.id,
            Role.application_id,
            Role.key,
            Role.retired,
            Role.sensitive,
            Role.handed_out,
            RoleVersion.id.label("version_id"),
            RoleVersion.name,
            RoleVersion.enforcement,
        )
        .join(newest, newest.c.role_id == Role.id)
        .join(RoleVersion, (RoleVersion.role_id == Role.id) & (RoleVersion.n == newest.c.n))
        .order_by(Role.application_id, Role.key)
    ).all()
    contents: dict[UUID, list[str]] = defaultdict(list)
    content = select(RoleContent.role_version_id, RoleContent.data_group, RoleContent.operation)
    for version_id, group, operation in session.execute(content):
        contents[version_id].append(f"{group}:{operation}")
    includes, keys = _includes(session), {row.id: row.key for row in rows}
    applications = state.keys("application")
    for row in rows:
        shape = {
            "enforcement": row.enforcement,
            "content": sorted(contents[row.version_id]),
            "name": row.name,
            "includes": sorted(keys[other] for other in includes[row.id] - {row.id} if other in keys),
            "retired": row.retired,
            "sensitive": row.sensitive,
            "handed_out": row.handed_out,
        }
        state.put("role", f"{applications[row.application_id]}:{row.key}", row.id, shape)


def _includes(session: Session) -> dict[UUID, set[UUID]]:
    closed: dict[UUID, set[UUID]] = defaultdict(set)
    for role_id, included_id in session.execute(select(RoleClosure.role_id, RoleClosure.included_id)):
        closed[role_id].add(included_id)
    return closed


def _clients(session: Session, state: State) -> None:
    applications = state.keys("application")
    for row in session.execute(select(Client.__table__).order_by(Client.client_id)):
        told = row._mapping
        shape = {"application": applications[row.application_id]} | {name: told[name] for name in DECLARED}
        state.put("client", row.client_id, row.id, shape)
        if row.management_hash is not None:
            state.self_registered.add(row.client_id)
    state.secrets = registration.secret_hashes(session)


def _agreements(session: Session, state: State) -> None:
    keys = state.keys("organisation")
    parties: dict[UUID, list[Any]] = defaultdict(list)
    for party in session.execute(select(AgreementParty.__table__)):
        parties[party.agreement_id].append((keys[party.legal_entity_id], party.role, party.signed_on))
    terms = {
        row.agreement_id: (row.valid_from, row.valid_to)
        for row in session.execute(select(AgreementTerm.__table__).where(AgreementTerm.closed_by.is_(None)))
    }
    clauses = agreements.clauses(session)
    for row in session.execute(select(Agreement.__table__).order_by(Agreement.key)):
        shape = {
            "case_number": row.case_number,
            "decided": row.decision,
            "purpose": row.purpose,
            "legal_basis": row.legal_basis,
            "parties": sorted(parties[row.id], key=repr),
            "in_force": terms.get(row.id),
            "clauses": sorted((_clause(clause, keys) for clause in clauses.get(row.id, {}).values()), key=repr),
        }
        state.put("agreement", row.key, row.id, shape)


def _clause(clause: agreements.Clause, keys: dict[UUID, str]) -> ClauseShape:
    allowed = tuple(sorted((who, f"{group}:{operation}") for who, group, operation in clause.content))
    by, on = clause.weaker_accepted_by, clause.weaker_accepted_on
    return ClauseShape(
        keys[clause.grantor_id],
        keys[clause.grantee_id],
        keys[clause.scope_id],
        clause.with_descendants,
        clause.relationship_kind,
        (by, on) if by is not None and on is not None else None,
        (clause.valid_from, clause.valid_to),
        allowed,
    )


def _rules(session: Session, state: State) -> None:
    owners = state.keys("organisation")
    newest: dict[UUID, Row[Any]] = {}
    for version in session.execute(select(RuleVersion.__table__).order_by(RuleVersion.n)):
        if version.state != "draft":
            newest[version.rule_id] = version
    for row in session.execute(select(Rule.__table__).order_by(Rule.key)):
        last = newest.get(row.id)
        shape = {
            "owner": owners[row.owner_id],
            "pattern": last and last.pattern,
            "retired": last is None or last.state == "withdrawn",
        }
        state.put("rule", row.key, row.id, shape)
