"""Writes local persons, accounts with their first credentials, groups and administrators that differ."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert

from iam import clock
from iam.access.commands import delegation
from iam.apply.comparison.writing import Writing
from iam.apply.declared.shapes import Shape
from iam.audit import log
from iam.database.types import uuid7
from iam.lifecycle import groups, persons
from iam.lifecycle.leave import end_leavers
from iam.lifecycle.persons import LocalProfile, StatedAffiliation
from iam.signin.accounts.account import Account, Credential, normal
from iam.signin.passwords import password
from iam.signin.usernames import give as usernames
from iam.tokens.grant import GrantRow


def write_persons(writing: Writing) -> None:
    """Write them."""
    new = list(writing.some("person", "create"))
    ids = persons.create_local(writing.session, writing.change, [_profile(shape) for _, shape in new])
    writing.draft.persons |= {login: id_ for (login, _), id_ in zip(new, ids, strict=True)}
    changed = [
        one
        for one in writing.some("person", "change")
        if writing.differs("person", one[0], "given_names", "family_name", "email")
    ]
    known = writing.draft.persons
    persons.set_profiles(writing.session, writing.change, {known[login]: _profile(shape) for login, shape in changed})
    moved = {
        known[login]: [_affiliation(writing, row) for row in shape["affiliations"]]
        for login, shape in writing.all("person")
        if writing.differs("person", login, "affiliations")
    }
    if moved:
        persons.set_affiliations(writing.session, writing.change, moved)
        end_leavers(writing.session, GrantRow.person_id.in_(moved))
    writing.touched |= set(moved)
    _logins(writing, "person")


def _profile(shape: Shape) -> LocalProfile:
    return LocalProfile(shape["given_names"], shape["family_name"], shape["email"])


def _affiliation(writing: Writing, row: tuple[Any, ...]) -> StatedAffiliation:
    organisation, *rest = row
    return StatedAffiliation(writing.draft.organisations[organisation], *rest)


def write_accounts(writing: Writing) -> None:
    """Write them."""
    _logins(writing, "account")


def _logins(writing: Writing, kind: str) -> None:
    known = writing.draft.persons
    new = [login for login, _ in writing.some(kind, "create")]
    if new:
        usernames.have_turn(writing.session)
        writing.session.execute(
            insert(Account), [{"person_id": known[login], "login": login, "language": None} for login in new]
        )
        log.write_each(
            writing.session,
            "person:account:created",
            writing.actor,
            [known[login] for login in new],
            change_id=writing.change.id,
        )
    rows: list[dict[str, Any]] = []
    for login, shape in writing.all(kind):
        if "password" in shape and writing.differs(kind, login, "password"):
            rows.append(_credential(known[login], "password", _first_password(writing, login)))
        if "directory" in shape and writing.differs(kind, login, "directory"):
            data = {"source": shape["directory"], "record_key": writing.draft.record_keys[login]}
            rows.append(_credential(known[login], "directory", data))
    directories = [row["person_id"] for row in rows if row["kind"] == "directory"]
    if directories:
        gone = delete(Credential).where(Credential.kind == "directory", Credential.person_id.in_(directories))
        writing.session.execute(gone.execution_options(synchronize_session=False))
    if rows:
        writing.session.execute(insert(Credential), rows)
    writing.accounts |= {row["person_id"] for row in rows} | {known[login] for login in new}


def _first_password(writing: Writing, login: str) -> dict[str, Any]:
    return {"hash": password.hash_password(writing.vault, writing.draft.passwords[login])}


def _credential(person_id: UUID, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"id": uuid7(), "person_id": person_id, "kind": kind, "data": data, "changed_at": clock.now()}


def write_groups(writing: Writing) -> None:
    """Write them."""
    added = []
    for key, shape in writing.some("group", "create"):
        organisation, _, short = key.partition("/")
        row = {"id": writing.id_of("group", key), "organisation_id": writing.draft.organisations[organisation]}
        added.append(row | {"key": short, "name": shape["name"]})
    groups.add(writing.session, added)
    renamed = [one for one in writing.some("group", "change") if writing.differs("group", one[0], "name")]
    groups.rename(writing.session, {writing.id_of("group", key): shape["name"] for key, shape in renamed})
    members = {
        writing.id_of("group", key): [writing.draft.persons[login] for login in shape["members"]]
        for key, shape in writing.all("group")
        if writing.differs("group", key, "members")
    }
    if members:
        writing.touched |= groups.set_members(writing.session, writing.change, members)


def write_administrators(writing: Writing) -> None:
    """Write them."""
    stated = {}
    for key, shape in writing.all("administrator"):
        item, _ = writing.draft.stated("administrator")[key].items[0]
        holder = (writing.draft.persons[normal(item.login)], writing.draft.organisations[item.organisation])
        stated[holder] = shape["permissions"]
    if stated:
        delegation.set_grants(writing.session, writing.change, stated)
    writing.administrators |= {person_id for person_id, _ in stated}
