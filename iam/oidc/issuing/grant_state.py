"""What a grant stands on, in one statement: itself, its login session, its capacity now, and what the person is
called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, and_, bindparam, select
from sqlalchemy.orm import Session

from iam.access.right import AFFILIATION, GUARDIANSHIP, Capacity, no_rights, of_affiliation, of_guardianship
from iam.database.statement import Rows, Statement, row
from iam.database.types import UtcDateTime
from iam.directory import holds
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.organisation import Organisation
from iam.oidc.claims.subjects import Named
from iam.oidc.clients.enabled import lets_in
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.model import Subject
from iam.signin.accounts.account import Account
from iam.signin.federation import reach
from iam.tokens.grant import Grant, GrantRow
from iam.tokens.session import LoginSessionRow


@dataclass(frozen=True, slots=True)
class GrantState:
    """``living``: neither revoked nor run out, and its login session was not ended. ``capacity`` None: it does not hold
    now, a hold lasts, or what proved the person in the session does not open it (any more). ``amr``: how the person
    signed in. ``enabled``: the capacity's organisation, where it enables the client's application."""

    grant: Grant
    living: bool
    amr: tuple[str, ...]
    capacity: Capacity | None
    named: Named
    enabled: frozenset[UUID] = frozenset()


def read(session: Session, grant_id: UUID, client: RegisteredClient, at: datetime) -> GrantState | None:
    """Return what a grant stands on at ``at``, towards a client; None when there is no such grant.

    One statement, and another where only another's word proves the person in the session.
    """
    found = _READ.one(session, grant_id=grant_id, of_sector=client.sector, of_application=client.application_id, at=at)
    if found is None:
        return None
    stood, proofs = _standing(found, at), found[_PROOFS]
    if stood.capacity is None or proofs is None:
        return stood
    opened = reach.capacities_by(session, proofs, stood.grant.person_id, at)
    return stood if opened is None or stood.capacity.id in opened else replace(stood, capacity=None)


_GRANT = [getattr(GrantRow, one.name) for one in fields(Grant)]
_PROOFS = len(_GRANT) + 3


def _query() -> Rows:
    g, s, a, r = GrantRow, LoginSessionRow, Affiliation, Relationship
    at = bindparam("at", type_=UtcDateTime())
    query: Rows = select(
        *_GRANT,
        s.id,
        s.ended_at,
        s.amr,
        s.proofs,
        *AFFILIATION,
        *GUARDIANSHIP,
        Subject.sub,
        Account.login,
        Account.language,
        no_rights(g.person_id, at),
        lets_in(a.organisation_id, bindparam("of_application", type_=Uuid()), at),
    )
    return (
        query.select_from(g)
        .outerjoin(s, s.id == g.session_id)
        .outerjoin(a, _held(a, at, ~holds.over_affiliation(a, at)))
        .outerjoin(Organisation, Organisation.id == a.organisation_id)
        .outerjoin(r, _held(r, at, r.kind == "guardian_of", ~holds.over_guardianship(r, at)))
        .outerjoin(Account, Account.person_id == g.person_id)
        .outerjoin(Subject, and_(Subject.person_id == g.person_id, Subject.sector == bindparam("of_sector")))
        .where(g.id == bindparam("grant_id", type_=Uuid()))
    )


def _held(fact: Any, at: Any, *more: Any) -> Any:
    g = GrantRow
    return and_(
        fact.fact_id == g.capacity_id,
        fact.person_id == g.person_id,
        fact.closed_by.is_(None),
        fact.valid_from <= at,
        fact.valid_to > at,
        *more,
    )


_READ: Statement[Sequence[Any]] = Statement(_query, row)


def _standing(columns: Sequence[Any], at: datetime) -> GrantState:
    grant, rest = Grant(*columns[: len(_GRANT)]), columns[len(_GRANT) :]
    (session_id, ended_at, amr), rest = rest[:3], rest[4:]
    affiliation, rest = rest[: len(AFFILIATION)], rest[len(AFFILIATION) :]
    guardianship, (sub, login, language, on_hold, lets) = rest[: len(GUARDIANSHIP)], rest[len(GUARDIANSHIP) :]
    open_session = grant.session_id is None or (session_id is not None and ended_at is None)
    living = grant.revoked_at is None and grant.expires_at > at and open_session
    capacity = None
    if not on_hold and affiliation[0] is not None:
        capacity = of_affiliation(*affiliation)
    elif not on_hold and guardianship[0] is not None:
        capacity = of_guardianship(*guardianship)
    enabled = frozenset({capacity.organisation_id} if lets and capacity and capacity.organisation_id else ())
    return GrantState(grant, living, tuple(amr or ()), capacity, Named(sub, login, language), enabled)
