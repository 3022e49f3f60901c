"""What a change gives and takes, read as one set once it is written and derived: who gains or loses which right, where,
and when.

``movement.moved`` is the one answer to what a change moved; a feed's plan and the guard of definitions both ask it.
Nothing is written here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.access.administration import Part
from iam.access.commands.clause_lives import Moved, written
from iam.access.commands.movement import Movement, by_agreement, moved, within_lives
from iam.access.model.assignment import AdminGrant, Assignment
from iam.access.model.role import Application, Role, RoleClosure, RoleContent, RoleVersion
from iam.database.bulk import plain_rows
from iam.database.types import UtcDateTime
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation

_SEPARATOR = "\x1f"
MARK = 8
"""Bytes of the mark of an effect: enough that of a million two are never alike."""


class Effect(NamedTuple):
    """A person gains (or loses) a role in a scope; ``organisation_id`` is where the person's capacity is, a guardian's
    the scope.

    ``across`` says that the right rests on a clause between legal entities.
    """

    gains: bool
    person_id: UUID
    role_id: UUID
    scope_id: UUID
    organisation_id: UUID
    valid_from: datetime
    valid_to: datetime
    across: bool


class Permission(NamedTuple):
    """A person gains (or loses) a permission over a part of the tree."""

    gains: bool
    person_id: UUID
    permission: str
    organisation_id: UUID
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything a change of definitions gives and takes; ``digest`` is the same for the same effects at another time,
    and so is the mark of each of the ``rows`` (``MARK`` bytes, in their order)."""

    rows: Sequence[Effect]
    permissions: Sequence[Permission]
    digest: str
    marks: Sequence[bytes] = ()

    def persons(self, *, gains: bool) -> set[UUID]:
        """Those who gain a right or a permission, or lose one."""
        found = {row.person_id for row in self.rows if row.gains == gains}
        return found | {row.person_id for row in self.permissions if row.gains == gains}

    def counts(self) -> dict[UUID, tuple[int, int]]:
        """How many people of each organisation gain and lose a right."""
        found: dict[UUID, tuple[set[UUID], set[UUID]]] = {}
        for row in self.rows:
            found.setdefault(row.organisation_id, (set(), set()))[not row.gains].add(row.person_id)
        return {one: (len(gain), len(lose)) for one, (gain, lose) in found.items()}


@plain_rows()
def read(
    session: Session,
    change_id: UUID,
    *,
    basis: str = "",
    told: Mapping[UUID, str] | None = None,
    wider: Mapping[UUID, bool] | None = None,
) -> Effects:
    """Return the effects of a change that was written and derived in this transaction.

    ``basis`` says what is changed, and is digested with the effects; ``told`` names persons whom the change itself
    makes, for their ids differ at each trial; ``wider`` are roles that come to hold more (True) or less (False), as
    ``holdings`` tells.
    """
    now = clock.now()
    rows: list[Effect] = []
    clauses = written(session, change_id)
    for gains in (True, False):
        for movement in (
            *within_lives(session, change_id, clauses, moved(change_id, now, gains=gains), gains=gains),
            *by_agreement(session, change_id, clauses, now, gains=gains),
        ):
            rows += _effects(session, movement, gains)
        rows += _of_roles(session, [role for role, more in (wider or {}).items() if more == gains], now, gains)
    permissions, found = _permissions(session, change_id, now), sorted(set(rows))
    of_rows, of_permissions = _lines(session, told or {}, found, permissions, now)
    marks = [hashlib.sha256(line.encode()).digest()[:MARK] for line in of_rows]
    texts = (basis, *sorted(of_rows + of_permissions))
    return Effects(found, permissions, hashlib.sha256("".join(f"{one}\n" for one in texts).encode()).hexdigest(), marks)


def tellable(session: Session, change_id: UUID, part: Part) -> frozenset[Moved] | None:
    """Return what a change moved of which an asker with ``part`` may be told that it is so; None: everything."""
    a = Assignment
    if part.tells_all:
        return None
    touched = or_(a.opened_by == change_id, a.closed_by == change_id)
    query = select(a.person_id, a.role_id, a.scope_id).where(touched, part.tells_right(a)).distinct()
    return frozenset((row[0], row[1], row[2]) for row in session.execute(query))


def holdings(session: Session) -> dict[UUID, frozenset[str]]:
    """Return what each role holds now, through the roles it includes too; two of these tell which roles grew or
    shrank."""
    newest = select(RoleVersion.role_id, func.max(RoleVersion.n).label("n")).group_by(RoleVersion.role_id).subquery()
    rows = session.execute(
        select(RoleClosure.role_id, RoleContent.data_group, RoleContent.operation, RoleClosure.included_id)
        .join(newest, newest.c.role_id == RoleClosure.included_id)
        .join(RoleVersion, and_(RoleVersion.role_id == newest.c.role_id, RoleVersion.n == newest.c.n))
        .outerjoin(RoleContent, RoleContent.role_version_id == RoleVersion.id)
    )
    found: dict[UUID, set[str]] = {}
    for role_id, group, operation, included in rows:
        found.setdefault(role_id, set()).update((f"{group}:{operation}", f"includes {included}"))
    return {role_id: frozenset(held) for role_id, held in found.items()}


def grown(before: Mapping[UUID, frozenset[str]], after: Mapping[UUID, frozenset[str]]) -> dict[UUID, bool]:
    """Return the roles that stood before and changed: True when they hold something more, else False; pure."""
    return {role: bool(held - before[role]) for role, held in after.items() if role in before and held != before[role]}


def sensitive(session: Session) -> frozenset[UUID]:
    """Return the roles that are sensitive or include one that is."""
    query = select(RoleClosure.role_id).join(Role, Role.id == RoleClosure.included_id).where(Role.sensitive)
    return frozenset(session.scalars(query))


def _effects(session: Session, movement: Movement, gains: bool) -> list[Effect]:
    a, held = Assignment, aliased(Affiliation)
    key = (a.person_id, a.role_id, a.scope_id, func.coalesce(held.organisation_id, a.scope_id))
    rows: Any = session.execute(
        movement.query.outerjoin(held, and_(held.fact_id == a.capacity_id, held.closed_by.is_(None)))
        .with_only_columns(
            *key, func.min(movement.begins, type_=UtcDateTime()), func.max(movement.ends), func.count(a.clause_id) > 0
        )
        .group_by(*key)
    )
    return [
        Effect(gains, person_id, role_id, scope_id, place_id, start, end, bool(across))
        for person_id, role_id, scope_id, place_id, start, end, across in rows
    ]


def _of_roles(session: Session, roles: Sequence[UUID], now: datetime, gains: bool) -> list[Effect]:
    a = Assignment
    if not roles:
        return []
    query = select(a.id).where(a.closed_by.is_(None), a.valid_to > now, a.role_id.in_(roles))
    return _effects(session, Movement(query, a.valid_from), gains)


def _permissions(session: Session, change_id: UUID, now: datetime) -> list[Permission]:
    g = AdminGrant
    rows = session.execute(
        select(g.closed_by == change_id, g.person_id, g.permission, g.organisation_id, g.valid_from, g.valid_to).where(
            or_(g.opened_by == change_id, g.closed_by == change_id), g.valid_to > now
        )
    )
    return sorted(Permission(not row[0], *row[1:]) for row in rows)


def _lines(
    session: Session,
    told: Mapping[UUID, str],
    rows: Iterable[Effect],
    permissions: Iterable[Permission],
    now: datetime,
) -> tuple[list[str], list[str]]:
    """Return what is digested, a line for each right and each permission. Ids that the change itself made are left out:
    roles and organisations go by key, its own persons by what ``told`` calls them."""
    roles = {
        id_: f"{application}:{key}"
        for id_, application, key in session.execute(
            select(Role.id, Application.key, Role.key).join(Application, Application.id == Role.application_id)
        )
    }
    places = dict(session.execute(select(Organisation.id, Organisation.key)).all())
    rights = [
        (
            "right",
            row.gains,
            told.get(row.person_id, row.person_id),
            roles[row.role_id],
            places[row.scope_id],
            places[row.organisation_id],
            *_interval(row, now),
        )
        for row in rows
    ]
    allowed = [
        (
            "permission",
            row.gains,
            told.get(row.person_id, row.person_id),
            row.permission,
            places[row.organisation_id],
            *_interval(row, now),
        )
        for row in permissions
    ]
    of_rows, of_permissions = ([_SEPARATOR.join(map(str, line)) for line in some] for some in (rights, allowed))
    return of_rows, of_permissions


def _interval(row: Effect | Permission, now: datetime) -> tuple[str, str]:
    """What holds already holds from now, whenever that is asked."""
    return "" if row.valid_from <= now else row.valid_from.isoformat(), row.valid_to.isoformat()
