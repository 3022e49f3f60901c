"""What My account tells a person about themselves: name, capacities, rights with their reason, sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.right import Capacity, Right, capacities, rights
from iam.access.role import Application, Role, RoleVersion
from iam.directory.organisation import Organisation
from iam.directory.queries import profile
from iam.signin import device
from iam.texts import N_, Texts
from iam.tokens import session as login_sessions

KINDS = {
    "employee": N_("Employee"),
    "substitute": N_("Substitute"),
    "student": N_("Pupil or student"),
    "elected-official": N_("Elected official"),
    "contractor": N_("Contractor"),
    "trainee": N_("Trainee"),
    "guardian": N_("Guardian"),
}
"""Kinds of capacity in words, to be translated where they are shown."""

Shown = dict[str, Any]


def name_of(session: Session, person_id: UUID) -> str:
    """Return a person's name as they use it; empty when no source tells one."""
    return profile(session, person_id).display_name


def own_capacities(session: Session, person_id: UUID) -> list[Capacity]:
    """Return what the person can act as now or within the coming 30 days."""
    return capacities(session, person_id, clock.now())


def capacity_shown(capacity: Capacity, texts: Texts) -> Shown:
    """Return a capacity as account.html wants it."""
    kind = texts.gettext(KINDS.get(capacity.kind, capacity.kind))
    organisation = capacity.organisation_names.get(texts.language)
    return {"kind": kind, "position": capacity.position, "organisation": organisation, "ends": _end(capacity.valid_to)}


def rights_shown(session: Session, person_id: UUID, own: list[Capacity], texts: Texts) -> list[Shown]:
    """Return the person's rights, by application and role, as account.html wants them."""
    held = rights(session, person_id, None)
    names = _Names(session, held, texts.language)
    by_id = {capacity.id: capacity for capacity in own}
    shown = [_right_shown(right, names, by_id.get(right.capacity_id), texts) for right in held]
    return sorted(shown, key=lambda right: (right["application"], right["role"], right["scope"]))


def sessions_shown(session: Session, person_id: UUID, current: UUID) -> list[Shown]:
    """Return the person's living sessions, the present one first."""
    rows = sorted(login_sessions.living(session, person_id), key=lambda row: row.id != current)
    return [
        {
            "id": str(row.id), "started": row.started_at, "last_seen": row.seen_at, "agent": device.describe(row.agent),
            "current": row.id == current,
        }
        for row in rows
    ]  # fmt: skip


def _right_shown(right: Right, names: _Names, capacity: Capacity | None, texts: Texts) -> Shown:
    position = ""
    if capacity is not None:
        shown = capacity_shown(capacity, texts)
        position = " · ".join(part for part in (shown["position"] or shown["kind"], shown["organisation"]) if part)
    return {
        "role": names.roles.get(right.role_id, right.role_key), "application": names.applications.get(right.application_id, ""),
        "scope": names.organisations.get(right.scope_id, right.scope_key), "starts": None, "ends": _end(right.valid_to),
        "sentence": texts.gettext(N_("You have this right as: %(capacity)s.")) % {"capacity": position},
        "facts": [], "ends_first": None,
    }  # fmt: skip


class _Names:
    """Names of the roles, applications and organisations that rights mention, in one language: three statements for all."""

    def __init__(self, session: Session, held: list[Right], language: str) -> None:
        roles = {right.role_id for right in held}
        versions = (
            select(RoleVersion.role_id, RoleVersion.name).where(RoleVersion.role_id.in_(roles)).order_by(RoleVersion.n)
        )
        applications = select(Application.id, Application.name).join(Role, Role.application_id == Application.id)
        organisations = select(Organisation).where(Organisation.id.in_({right.scope_id for right in held}))
        self.roles = {id_: _in(name, language) for id_, name in session.execute(versions).tuples()}
        self.applications: dict[UUID | None, str] = {
            id_: _in(name, language) for id_, name in session.execute(applications.where(Role.id.in_(roles))).tuples()
        }
        self.organisations = {row.id: row.name(language) for row in session.scalars(organisations)}


def _in(names: Mapping[str, Any], language: str) -> str:
    return str(names.get(language) or names.get("fi") or next(iter(names.values()), ""))


def _end(instant: Any) -> Any:
    return None if instant >= clock.FOREVER else instant
