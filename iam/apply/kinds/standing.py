"""What stands of each kind."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam.access.model.role import Application, ApplicationEnabled, Role, RoleClosure, RoleContent, RoleVersion
from iam.apply.comparison.state import State
from iam.apply.declared.declaration import Things
from iam.apply.kinds.sources import openings as opening_names
from iam.directory.source import Source
from iam.lifecycle.organisations import openings
from iam.oidc.clients import write as registration
from iam.oidc.model import Client


def put_sources(session: Session, state: State, things: Things | None) -> None:
    """Put them in."""
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


def put_opened_sources(session: Session, state: State, things: Things | None) -> None:
    """Put them in."""
    organisations_, sources = state.keys("organisation"), state.keys("source")
    for (organisation_id, source_id), intervals in openings.standing(session).items():
        key = opening_names.opened_key(organisations_[organisation_id], sources[source_id])
        state.shapes["opened source"][key] = {"opened": intervals}


def put_applications(session: Session, state: State, things: Things | None) -> None:
    """Put them in."""
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


def put_roles(session: Session, state: State, things: Things | None) -> None:
    """Put them in."""
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


def put_clients(session: Session, state: State, things: Things | None) -> None:
    """Put them in."""
    applications = state.keys("application")
    fields = (
        "auth",
        "jwks",
        "redirect_uris",
        "post_logout_redirect_uris",
        "grants",
        "scope",
        "id_token_alg",
        "userinfo_alg",
        "pkce",
        "par_required",
        "legacy_audience",
        "token_format",
        "resources",
        "jwks_uri",
        "backchannel_logout_uri",
        "frontchannel_logout_uri",
        "mapper",
        "metadata",
        "retired",
    )
    secrets = registration.secret_hashes(session)
    for row in session.execute(select(Client.__table__).order_by(Client.client_id)):
        told = row._mapping
        shape = {"application": applications[row.application_id]} | {name: told[name] for name in fields}
        shape["secret"] = secrets.get(row.client_id, set())
        state.put("client", row.client_id, row.id, shape)
        if row.management_hash is not None:
            state.self_registered.add(row.client_id)
