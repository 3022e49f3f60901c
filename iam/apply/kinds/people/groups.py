"""Local groups and who is in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID

from sqlalchemy.orm import Session

from iam.apply.comparison import people
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Things
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import Shape
from iam.apply.declared.written import Row, plain
from iam.apply.kind import Kind
from iam.apply.kinds.people import logins
from iam.apply.kinds.people.identified import SEALED, Member
from iam.apply.schema.item import Item, Key, Logins, Text
from iam.directory.protected import release
from iam.lifecycle import groups
from iam.signin.accounts.account import normal


class Group(Item):
    """A local group and who is in it: by username, or by an identifier who has none."""

    key: Key
    organisation: Key
    name: Text
    members: Logins = []
    identified: list[Member] = []


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
    told = {normal(login) for login in item.members} | {people.said(one.named) for one in item.identified}
    return {"name": item.name, "members": sorted(told)}


def _asks(things: Things) -> Iterator[str | people.Named]:
    """The members of groups."""
    for item, _ in (each for one in things.values() for each in one.items):
        yield from map(normal, item.members)
        yield from (one.named for one in item.identified)


def _stand(session: Session, state: State, things: Things | None) -> None:
    """Put in the groups of the organisations that are spoken of, or all local ones; ``unnamed`` are the members whom no
    declaration can name, and who stay."""
    known, keys = state.ids["organisation"], state.keys("organisation")
    spoken = None if things is None else {one.items[0][0].organisation for one in things.values()}
    ids = None if spoken is None else [known[key] for key in spoken if key in known]
    rows, members = people.groups(session, ids)
    without = [one for of in members.values() for one, login in of.items() if login is None]
    named = people.identifiers(session, without)
    for row in rows:
        name = release(row.name, protected=False, purpose="administration of a person without protection")
        texts = {one: people.said(named[one]) for one in members[row.id] if one in named}
        told = {one: login or texts.get(one) for one, login in members[row.id].items()}
        shape = {
            "name": name,
            "members": sorted(text for text in told.values() if text is not None),
            "source": row.source_id,
            "unnamed": [one for one, text in told.items() if text is None],
            "identified": {text: named[one] for one, text in texts.items()},
        }
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
        by_identifier = {people.said(who.named): who for item, _ in one.items for who in item.identified}
        found = [login for login in one.shape["members"] if login not in by_identifier]
        found = [login for login in found if logins.present(draft, login, where.at("members"))]
        one.shape["members"] = sorted({*found, *_identified(draft, by_identifier.values(), where.at("identified"))})


def _identified(draft: Draft, asked: Collection[Member], where: Where) -> Iterator[str]:
    """Yield as what those named by identifiers stand in a group: by login who has one, else by the first identifier."""
    known, here = draft.state.people, dict[UUID, Member]()
    for one in asked:
        if one.identifier in SEALED:
            draft.wrong(where, "A declaration must not hold identity codes.", "Name another identifier.")
        elif one.named in known.named:
            here[known.named[one.named]] = one
        elif not one.when_present:
            draft.wrong(where, "No source has brought this person.", "Run the source first, or check the identifier.")
    for person_id, name in people.names(draft.session, list(here)).items():
        text = name if isinstance(name, str) else people.said(name)
        draft.persons[text] = person_id
        yield text


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
        writing.id_of("group", key): [
            *(writing.draft.persons[login] for login in shape["members"]),
            *writing.draft.standing("group").get(key, {}).get("unnamed", ()),
        ]
        for key, shape in writing.all("group")
        if writing.differs("group", key, "members")
    }
    if members:
        writing.touched |= groups.set_members(writing.session, writing.change, members)


def _export(session: Session, state: State) -> Iterator[Row]:
    for key, shape in state.shapes["group"].items():
        organisation, _, short = key.partition("/")
        named = shape["identified"]
        yield (
            {"key": short, "organisation": organisation, "name": shape["name"]}
            | {"members": [text for text in shape["members"] if text not in named]}
            | ({"identified": [waiting(named[text]) for text in sorted(named)]} if named else {})
        )


def waiting(name: people.Named) -> Row:
    """Return a member as a declaration states them: where nothing has been read yet, it waits for its person."""
    kind, issuer, value = name
    return plain({"identifier": kind, "issuer": issuer, "value": value}) | {"when_present": True}


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
