"""The people asked for, in shapes: local persons, accounts, groups and administrators as they stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from iam.access.commands.delegation import Permit
from iam.apply.comparison import people
from iam.apply.comparison.people import People
from iam.apply.comparison.state import State
from iam.apply.declared.shapes import primary_first
from iam.directory.protected import release


def put_people(state: State) -> None:
    """Add the shapes of everybody with a login: of a local person what was declared, of others the account."""
    known = state.people
    organisations = state.keys("organisation")
    for person_id, login in known.login_of.items():
        if person_id in known.local:
            shape = _person(known, person_id, organisations)
            state.put("person", login, person_id, shape | _credentials(known, person_id))
        else:
            state.put("account", login, person_id, {"person": person_id} | _credentials(known, person_id))
    for (person_id, organisation_id), permits in known.grants.items():
        if person_id in known.login_of:
            key = f"{known.login_of[person_id]} in {organisations[organisation_id]}"
            state.shapes["administrator"][key] = {"permissions": _permissions(permits)}


def _person(known: People, person_id: UUID, organisations: Mapping[UUID, str]) -> dict[str, Any]:
    profile = known.profiles[person_id]
    rows = sorted(known.affiliations.get(person_id, ()), key=lambda row: not row.is_primary)
    return {
        "given_names": profile.given_names,
        "family_name": profile.family_name,
        "email": profile.email,
        "affiliations": primary_first(
            (organisations[row.organisation_id], row.kind, row.occupation, row.title, row.valid_from, row.valid_to)
            for row in rows
        ),
    }


def _credentials(known: People, person_id: UUID) -> dict[str, Any]:
    held = known.credentials.get(person_id, {})
    return {"password": "password" in held, "directory": held.get("directory", {}).get("source")}


def _permissions(permits: Mapping[UUID, Permit]) -> list[Permit]:
    return sorted(permits.values())


def put_groups(session: Session, state: State, organisation_keys: Collection[str] | None) -> None:
    """Add the shapes of the groups of these organisations, or of all local ones; members without a login are left
    out."""
    known, keys = state.ids["organisation"], state.keys("organisation")
    ids = None if organisation_keys is None else [known[key] for key in organisation_keys if key in known]
    rows, members = people.groups(session, ids)
    for row in rows:
        name = release(row.name, protected=False, purpose="administration of a person without protection")
        logins = sorted(login for login in members.get(row.id, {}).values() if login is not None)
        shape = {"name": name, "members": logins, "source": row.source_id}
        state.put("group", f"{keys[row.organisation_id]}/{row.key}", row.id, shape)
