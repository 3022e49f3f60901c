"""Local persons, with their affiliations, a login and a first password."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.orm import Session

from iam.apply.comparison.draft import Draft
from iam.apply.comparison.people import People
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Things, empty_interval
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import Shape, interval
from iam.apply.declared.written import Row, dated, plain
from iam.apply.kind import Kind
from iam.apply.kinds.people import first_password, logins
from iam.apply.schema.item import Code, Dated, Item, Key, Login, Text, one_of
from iam.apply.schema.moments import Day
from iam.directory.affiliation import AFFILIATION_KINDS
from iam.lifecycle import persons
from iam.lifecycle.leave import end_leavers
from iam.lifecycle.persons import LocalProfile, StatedAffiliation
from iam.signin.accounts.account import normal
from iam.tokens.grant import GrantRow


class Affiliation(Dated):
    """A local person's affiliation; the first of a person's list is the primary one."""

    organisation: Key
    kind: Annotated[str, one_of(*AFFILIATION_KINDS)]
    occupation: Code | None = None
    title: Text | None = None


class Person(Item):
    """A local person with a login and a first password, which is never written over."""

    login: Login
    given_names: Text
    family_name: Text
    email: Text | None = None
    birth_date: Day = None
    password: SecretStr | None = None
    password_file: str | None = None
    affiliations: list[Affiliation] = []


def _declare(found: Declaration, items: Items) -> None:
    """State local persons by login."""
    for item, where in items:
        found.add("person", normal(item.login), _shape(item), item, where)


def _shape(item: Person) -> Shape:
    """Return the shape of a local person without the password."""
    rows = [_affiliation_row(one) for one in item.affiliations]
    return {
        "given_names": item.given_names,
        "family_name": item.family_name,
        "email": item.email,
        "birth_date": item.birth_date,
        "affiliations": _primary_first(rows),
    }


class AffiliationShape(NamedTuple):
    """What an affiliation says, its organisation by key."""

    organisation: str
    kind: str
    occupation: str | None
    title: str | None
    valid_from: datetime
    valid_to: datetime


def _affiliation_row(item: Affiliation) -> AffiliationShape:
    start, end = interval(item)
    return AffiliationShape(item.organisation, item.kind, item.occupation, item.title, start, end)


def _primary_first(rows: Iterable[AffiliationShape]) -> list[AffiliationShape]:
    """Return affiliations with the first one first and the others in a fixed order."""
    some = list(rows)
    return some[:1] + sorted(some[1:], key=lambda row: tuple(str(value) for value in row))


def _asks(things: Things) -> Iterable[str]:
    """The logins of persons."""
    return things


def _stand(session: Session, state: State, things: Things | None) -> None:
    """Put in what was declared of local persons with a login."""
    known, organisations = state.people, state.keys("organisation")
    for person_id, login in known.login_of.items():
        if person_id in known.local:
            shape = _standing_shape(known, person_id, organisations)
            state.put("person", login, person_id, shape | logins.held(known, person_id))


def _standing_shape(known: People, person_id: UUID, organisations: Mapping[UUID, str]) -> dict[str, Any]:
    profile = known.profiles[person_id]
    rows = sorted(known.affiliations.get(person_id, ()), key=lambda row: not row.is_primary)
    return {
        "given_names": profile.given_names,
        "family_name": profile.family_name,
        "email": profile.email,
        "birth_date": profile.birth_date,
        "affiliations": _primary_first(
            AffiliationShape(
                organisations[row.organisation_id],
                row.kind,
                row.occupation,
                row.title,
                row.valid_from,
                row.valid_to,
            )
            for row in rows
        ),
    }


def _check(draft: Draft) -> None:
    """Check local persons: their login is their own, and each affiliation is in an organisation that exists then."""
    known = draft.state.people
    for login, one in draft.stated("person").items():
        item, where = one.items[0]
        id_ = known.logins.get(login)
        if id_ is not None and id_ not in known.local:
            draft.wrong(
                where.at("login"), "This login is that of a person whom a source brought.", "State it under accounts."
            )
        if id_ is None and login in known.former:
            draft.wrong(
                where.at("login"),
                "This login is or was somebody else's, and is never given to another.",
                "Choose another login.",
            )
        if login in draft.stated("account"):
            draft.wrong(where.at("login"), "This login is stated under accounts too.", "Remove one of them.")
        for place, affiliation in enumerate(item.affiliations):
            _check_affiliation(draft, affiliation, where.at("affiliations", place))
        first_password.check(draft, "person", login, item, where)


def _check_affiliation(draft: Draft, item: Any, where: Where) -> None:
    given = interval(item)
    draft.problems += empty_interval(given, where)
    id_ = draft.organisation(item.organisation, where.at("organisation"))
    if id_ is None or given[0] >= given[1] or draft.declaration.problems:
        return
    if not any(place.valid_from < given[1] and given[0] < place.valid_to for place in draft.tree.get(id_, ())):
        draft.wrong(
            where,
            "%(key)s does not exist in that time.",
            "Choose other days, or another organisation.",
            key=item.organisation,
        )


def _write(writing: Writing) -> None:
    new = list(writing.some("person", "create"))
    ids = persons.create_local(writing.session, writing.change, [_profile(shape) for _, shape in new])
    writing.draft.persons |= {login: id_ for (login, _), id_ in zip(new, ids, strict=True)}
    changed = [
        one
        for one in writing.some("person", "change")
        if writing.differs("person", one[0], "given_names", "family_name", "email", "birth_date")
    ]
    known = writing.draft.persons
    persons.set_profiles(writing.session, writing.change, {known[login]: _profile(shape) for login, shape in changed})
    moved = {
        known[login]: [_stated(writing, row) for row in shape["affiliations"]]
        for login, shape in writing.all("person")
        if writing.differs("person", login, "affiliations")
    }
    if moved:
        persons.set_affiliations(writing.session, writing.change, moved)
        end_leavers(writing.session, GrantRow.person_id.in_(moved))
    writing.touched |= set(moved)
    logins.write(writing, "person")


def _profile(shape: Shape) -> LocalProfile:
    return LocalProfile(shape["given_names"], shape["family_name"], shape["email"], shape["birth_date"])


def _stated(writing: Writing, row: AffiliationShape) -> StatedAffiliation:
    here = writing.draft.organisations[row.organisation]
    return StatedAffiliation(here, row.kind, row.occupation, row.title, row.valid_from, row.valid_to)


def _export(session: Session, state: State) -> Iterator[Row]:
    for login, shape in sorted(state.shapes["person"].items()):
        rows = [
            plain({"organisation": organisation, "kind": kind, "occupation": occupation, "title": title})
            | dated(start, end)
            for organisation, kind, occupation, title, start, end in shape["affiliations"]
        ]
        said = {name: shape[name] for name in ("given_names", "family_name", "email", "birth_date")}
        yield {"login": login} | plain(said | {"affiliations": rows})


KIND = Kind(
    name="person",
    section="persons",
    model=Person,
    declare=_declare,
    asks=_asks,
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    quiet=frozenset({"password", "given_names", "family_name", "email", "birth_date"}),
    history=frozenset({"affiliations"}),
    parts={"affiliations": ("organisation", "kind", "occupation", "title", "dates")},
    derives="those touched",
)
