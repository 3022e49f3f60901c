"""Checks first passwords by the rules of every other door: length, what is guessed first, and the person's own words.

Of names a declaration knows what it declares: a source's are not asked. One that is not written, for there is a
password already, is asked for its length and whether it is guessed first only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from iam.apply.comparison.draft import Draft
from iam.apply.declared.place import Where
from iam.signin.passwords import password
from iam.signin.passwords.credentials import PRODUCT


def check(draft: Draft, kind: str, login: str, item: Any, where: Where) -> None:
    """Check the first password of a person or an account and keep it to be written."""
    text = draft.secret(item, "password", where)
    if text is None:
        return
    written = not draft.standing(kind).get(login, {}).get("password")
    words = [*_words(draft, login, item)] if written else []
    for problem in password.problems(text, words):
        draft.wrong(where.at("password"), problem.message, problem.remedy, **problem.params)
    draft.passwords[login] = text
    draft.declaration[kind][login].shape["password"] = True


def _words(draft: Draft, login: str, item: Any) -> Iterator[str]:
    yield from (login, draft.consortium, PRODUCT)
    yield from (getattr(item, name, None) or "" for name in ("given_names", "family_name"))
    ids = {draft.organisations.get(one.organisation) for one in getattr(item, "affiliations", ())}
    for entity in {entity for id_ in ids if id_ is not None for entity in _entities(draft, id_, frozenset())}:
        yield from _names(draft, entity)


def _entities(draft: Draft, id_: UUID, below: frozenset[UUID]) -> Iterator[UUID]:
    """Yield the legal entities that an organisation belongs to, over all of its places."""
    for place in draft.tree.get(id_, ()) if id_ not in below else ():
        if place.own_entity or place.parent_id is None:
            yield id_
        else:
            yield from _entities(draft, place.parent_id, below | {id_})


def _names(draft: Draft, id_: UUID) -> Iterator[str]:
    key = draft.key_of(id_)
    stated = draft.stated("organisation").get(key)
    shape = stated.shape if stated else draft.standing("organisation").get(key, {})
    yield from (shape.get("name") or {}).values()
