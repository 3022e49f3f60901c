"""Local groups and who is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Session

from iam.apply.comparison import people
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Things
from iam.apply.declared.shapes import Shape
from iam.apply.declared.written import Row
from iam.apply.kind import Kind
from iam.apply.kinds.people import logins
from iam.apply.schema.item import Item, Key, Logins, Text
from iam.directory.protected import release
from iam.lifecycle import groups
from iam.signin.accounts.account import normal


class Group(Item):
    """A local group and who is in it."""

    key: Key
    organisation: Key
    name: Text
    members: Logins = []


def _declare(found: Declaration, items: Items) -> None:
    """Bring the members of a group's items together; its rules may be stated before its people are here."""
    for item, where in items:
        stated = found.merge("group", f"{item.organisation}/{item.key}", item, where)
        shape = _shape(item)
        if stated.shape.get("name", shape["name"]) != shape["name"]:
            found.problems.append(
                where.at("name").problem("This differs from what is stated elsewhere.", "State it once.")
            )
        stated.shape = shape | {"members": sorted({*shape["members"], *stated.shape.get("members", ())})}


def _shape(item: Group) -> Shape:
    """Return the shape of a group."""
    return {"name": item.name, "members": sorted({normal(login) for login in item.members})}


def _asks(things: Things) -> Iterable[str]:
    """The members of groups."""
    return (login for one in things.values() for login in one.shape["members"])


def _stand(session: Session, state: State, things: Things | None) -> None:
    """Put in the groups of the organisations that are spoken of, or all local ones; members without a login are left
    out."""
    known, keys = state.ids["organisation"], state.keys("organisation")
    spoken = None if things is None else {one.items[0][0].organisation for one in things.values()}
    ids = None if spoken is None else [known[key] for key in spoken if key in known]
    rows, members = people.groups(session, ids)
    for row in rows:
        name = release(row.name, protected=False, purpose="administration of a person without protection")
        members_of = sorted(login for login in members.get(row.id, {}).values() if login is not None)
        shape = {"name": name, "members": members_of, "source": row.source_id}
        state.put("group", f"{keys[row.organisation_id]}/{row.key}", row.id, shape)


def _check(draft: Draft) -> None:
    """Check that groups are local and their members have logins; members who are not here yet are left out."""
    for key, one in draft.stated("group").items():
        item, where = one.items[0]
        draft.organisation(item.organisation, where.at("organisation"))
        if draft.standing("group").get(key, {}).get("source"):
            draft.wrong(
                where.at("key"), "This group comes from a source.", "Choose another key, or change it in the source."
            )
        one.shape["members"] = [
            login for login in one.shape["members"] if logins.present(draft, login, where.at("members"))
        ]


def _write(writing: Writing) -> None:
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


def _export(session: Session, state: State) -> Iterator[Row]:
    for key, shape in state.shapes["group"].items():
        organisation, _, short = key.partition("/")
        yield {"key": short, "organisation": organisation, "name": shape["name"], "members": shape["members"]}


KIND = Kind(
    name="group",
    section="groups",
    model=Group,
    declare=_declare,
    asks=_asks,
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    guarded=True,
    derives="those touched",
)
