"""Logins and first credentials, which local persons and those of whom a source told have alike."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert

from iam import clock
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.people import People
from iam.apply.comparison.writing import Writing
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import Shape
from iam.audit import log
from iam.database.types import uuid7
from iam.signin.accounts.account import Account as AccountRow, Credential
from iam.signin.passwords import password
from iam.signin.usernames import give as usernames


def held(known: People, person_id: UUID) -> Shape:
    """Return which credentials somebody has: whether a password, and of which directory."""
    found = known.credentials.get(person_id, {})
    return {"password": "password" in found, "directory": found.get("directory", {}).get("source")}


def present(draft: Draft, login: str, where: Where) -> bool:
    """Whether somebody has a login, or is given one; a problem unless the person may come later."""
    if login in draft.persons or login in draft.stated("person"):
        return True
    unsure = login in draft.stated("account") or draft.declaration.broken & {"persons", "accounts"}
    if login not in draft.skipped and not unsure:
        draft.wrong(
            where, "Nobody has the login %(login)s.", "Check it, or state it under persons or accounts.", login=login
        )
    return False


def write(writing: Writing, kind: str) -> None:
    """Write the logins of what is new of a kind, and the credentials that differ."""
    known = writing.draft.persons
    new = [login for login, _ in writing.some(kind, "create")]
    if new:
        usernames.have_turn(writing.session)
        writing.session.execute(
            insert(AccountRow), [{"person_id": known[login], "login": login, "language": None} for login in new]
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
