"""What people may administer, and in which part of the tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy.orm import Session

from iam.access.administration import PERMISSIONS
from iam.access.commands import delegation
from iam.access.commands.delegation import Permit
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Things
from iam.apply.declared.shapes import interval
from iam.apply.declared.written import Row, granted
from iam.apply.kind import Kind
from iam.apply.kinds.people import logins
from iam.apply.schema.item import Dated, Key, Login, Sorted, one_of
from iam.signin.accounts.account import normal


class Administrator(Dated):
    """What somebody may administer in a part of the tree; a permission that is left out ends."""

    login: Login
    organisation: Key
    permissions: Annotated[list[Annotated[str, one_of(*PERMISSIONS)]], Sorted, Field(min_length=1)]


def _declare(found: Declaration, items: Items) -> None:
    """Bring together what somebody may administer in one part of the tree."""
    for item, where in items:
        shape = found.merge("administrator", f"{normal(item.login)} in {item.organisation}", item, where).shape
        shape["permissions"] = sorted({*shape.get("permissions", ()), *_permits(item)})


def _permits(item: Administrator) -> list[tuple[str, datetime, datetime]]:
    """Return each permission with its interval."""
    return [(permission, *interval(item)) for permission in item.permissions]


def _asks(things: Things) -> Iterable[str]:
    """The logins of administrators."""
    return (normal(one.items[0][0].login) for one in things.values())


def _stand(session: Session, state: State, things: Things | None) -> None:
    """Put in what those with a login may administer."""
    known, organisations = state.people, state.keys("organisation")
    for (person_id, organisation_id), permits in known.grants.items():
        if person_id in known.login_of:
            key = f"{known.login_of[person_id]} in {organisations[organisation_id]}"
            state.shapes["administrator"][key] = {"permissions": _permissions(permits)}


def _permissions(permits: Mapping[UUID, Permit]) -> list[Permit]:
    return sorted(permits.values())


def _check(draft: Draft) -> None:
    """Check that administrators have logins; those who are not here yet are left out."""
    for key, one in list(draft.stated("administrator").items()):
        item, where = one.items[0]
        draft.organisation(item.organisation, where.at("organisation"))
        if not logins.present(draft, normal(item.login), where.at("login")):
            del draft.stated("administrator")[key]


def _write(writing: Writing) -> None:
    stated = {}
    for key, shape in writing.all("administrator"):
        item, _ = writing.draft.stated("administrator")[key].items[0]
        holder = (writing.draft.persons[normal(item.login)], writing.draft.organisations[item.organisation])
        stated[holder] = shape["permissions"]
    if stated:
        delegation.set_grants(writing.session, writing.change, stated)
    writing.administrators |= {person_id for person_id, _ in stated}


def _export(session: Session, state: State) -> Iterator[Row]:
    for key, shape in sorted(state.shapes["administrator"].items()):
        login, _, organisation = key.rpartition(" in ")
        yield from granted({"login": login, "organisation": organisation}, shape["permissions"])


KIND = Kind(
    name="administrator",
    section="administrators",
    model=Administrator,
    declare=_declare,
    asks=_asks,
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    history=frozenset({"permissions"}),
    guarded=True,
)
