"""Logins of those whom a source brought: who it is, and by what they prove it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.orm import Session

from iam.apply.comparison import people
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Stated, Things
from iam.apply.declared.place import Where
from iam.apply.declared.written import Row, plain
from iam.apply.kind import Kind
from iam.apply.kinds.people import first_password, logins
from iam.apply.kinds.people.identified import SEALED, Named
from iam.apply.schema.item import Item, Key, Login
from iam.signin.accounts.account import normal


class Account(Item):
    """A login for somebody whom a source brought."""

    login: Login
    person: Named
    password: SecretStr | None = None
    password_file: str | None = None
    directory: Key | None = None
    when_present: bool = False


def _declare(found: Declaration, items: Items) -> None:
    """State accounts by login."""
    for item, where in items:
        found.add("account", normal(item.login), {}, item, where)


def _asks(things: Things) -> Iterator[str | people.Named]:
    """Logins, and by which identifiers their people are named."""
    yield from things
    yield from map(_named, things.values())


def _named(one: Stated) -> people.Named:
    person: Named = one.items[0][0].person
    return person.named


def _stand(session: Session, state: State, things: Things | None) -> None:
    """Put in the logins of those of whom a source told."""
    known = state.people
    for person_id, login in known.login_of.items():
        if person_id not in known.local:
            state.put("account", login, person_id, {"person": person_id} | logins.held(known, person_id))


def _check(draft: Draft) -> None:
    """Find the person of each account; who is not here is a problem, or left out when that was said to be right."""
    known = draft.state.people
    holders: dict[UUID, str] = {}
    records = people.record_keys(draft.session, known.named.values())
    for login, one in list(draft.stated("account").items()):
        item, where = one.items[0]
        if item.person.identifier in SEALED:
            draft.wrong(
                where.at("person", "identifier"),
                "A declaration must not hold identity codes.",
                "Name another identifier.",
            )
            continue
        person_id = known.named.get(_named(one))
        if person_id is None:
            _absent(draft, login, item.when_present, where)
            continue
        if holders.setdefault(person_id, login) != login:
            draft.wrong(where.at("person"), "This person has another login in this declaration.", "Remove one of them.")
        _login(draft, login, person_id, where)
        draft.persons[login] = person_id
        one.shape["person"] = person_id
        _directory(draft, login, one, records.get((item.directory or "", person_id)), where)
        first_password.check(draft, "account", login, item, where)


def _absent(draft: Draft, login: str, when_present: bool, where: Where) -> None:
    if when_present:
        draft.skipped.add(login)
        del draft.stated("account")[login]
    else:
        draft.wrong(
            where.at("person"),
            "No source has brought this person.",
            "Run the source first, or state when_present: true to wait for it.",
        )


def _login(draft: Draft, login: str, person_id: UUID, where: Where) -> None:
    known = draft.state.people
    if person_id in known.local:
        draft.wrong(where.at("person"), "This person was declared without a source.", "State the person under persons.")
    if (known.logins.get(login) or known.former.get(login, person_id)) != person_id:
        draft.wrong(
            where.at("login"),
            "This login is or was somebody else's, and is never given to another.",
            "Choose another login.",
        )
    if known.login_of.get(person_id, login) != login:
        draft.wrong(where.at("login"), "This person has a login already.", "State that login; it does not change.")


def _directory(draft: Draft, login: str, one: Stated, record_key: str | None, where: Where) -> None:
    key = one.items[0][0].directory
    if key is None:
        return
    one.shape["directory"] = key
    if (
        key not in draft.standing("source")
        and key not in draft.stated("source")
        and "sources" not in draft.declaration.broken
    ):
        draft.wrong(
            where.at("directory"), "There is no source %(key)s.", "Check the key, or add the source first.", key=key
        )
    elif record_key is None:
        draft.wrong(
            where.at("directory"),
            "This directory has not brought this person.",
            "Run the source %(key)s first.",
            key=key,
        )
    else:
        draft.record_keys[login] = record_key


def _write(writing: Writing) -> None:
    logins.write(writing, "account")


def _export(session: Session, state: State) -> Iterator[Row]:
    """Yield the accounts whose person has an identifier that may be read."""
    known = state.people
    named = people.identifiers(session, [id_ for id_ in known.login_of if id_ not in known.local])
    for login, shape in sorted(state.shapes["account"].items()):
        if shape["person"] in named:
            kind, issuer, value = named[shape["person"]]
            person = plain({"identifier": kind, "issuer": issuer, "value": value})
            # Where nothing has been read yet, it waits for its person.
            yield {"login": login, "person": person} | plain({"directory": shape["directory"]}) | {"when_present": True}


KIND = Kind(
    name="account",
    section="accounts",
    model=Account,
    declare=_declare,
    asks=_asks,
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    quiet=frozenset({"password", "person"}),
)
