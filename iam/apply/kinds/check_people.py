"""Checks local persons, accounts, groups and administrators, and completes their shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from iam.apply.comparison import people
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.people import Named
from iam.apply.declared.declaration import Stated, Things, empty_interval
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import interval
from iam.apply.kinds import first_password
from iam.signin.accounts.account import normal

SEALED = ("identity-code",)
"""Identifiers that are kept sealed: a declaration must not hold them."""


def ask_logins(things: Things) -> Iterable[str]:
    """The logins of persons."""
    return things


def ask_accounts(things: Things) -> Iterator[str | Named]:
    """Logins, and by which identifiers their people are named."""
    yield from things
    yield from map(_named, things.values())


def ask_members(things: Things) -> Iterable[str]:
    """The members of groups."""
    return (login for one in things.values() for login in one.shape["members"])


def ask_administrators(things: Things) -> Iterable[str]:
    """The logins of administrators."""
    return (normal(one.items[0][0].login) for one in things.values())


def _named(one: Stated) -> Named:
    item = one.items[0][0].person
    return item.identifier, item.issuer, item.value


def persons(draft: Draft) -> None:
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
            _affiliation(draft, affiliation, where.at("affiliations", place))
        first_password.check(draft, "person", login, item, where)


def _affiliation(draft: Draft, item: Any, where: Where) -> None:
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


def accounts(draft: Draft) -> None:
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


def groups(draft: Draft) -> None:
    """Check that groups are local and their members have logins; members who are not here yet are left out."""
    for key, one in draft.stated("group").items():
        item, where = one.items[0]
        draft.organisation(item.organisation, where.at("organisation"))
        if draft.standing("group").get(key, {}).get("source"):
            draft.wrong(
                where.at("key"), "This group comes from a source.", "Choose another key, or change it in the source."
            )
        one.shape["members"] = [login for login in one.shape["members"] if _present(draft, login, where.at("members"))]


def administrators(draft: Draft) -> None:
    """Check that administrators have logins; those who are not here yet are left out."""
    for key, one in list(draft.stated("administrator").items()):
        item, where = one.items[0]
        draft.organisation(item.organisation, where.at("organisation"))
        if not _present(draft, normal(item.login), where.at("login")):
            del draft.stated("administrator")[key]


def _present(draft: Draft, login: str, where: Where) -> bool:
    if login in draft.persons or login in draft.stated("person"):
        return True
    unsure = login in draft.stated("account") or draft.declaration.broken & {"persons", "accounts"}
    if login not in draft.skipped and not unsure:
        draft.wrong(
            where, "Nobody has the login %(login)s.", "Check it, or state it under persons or accounts.", login=login
        )
    return False
