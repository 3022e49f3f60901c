"""Doubts about occupations: one that a clause, a template or a rule names and nothing else does is likely to be
misspelt, and gives nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from sqlalchemy import select

from connectors.problem import Problem
from iam.access.rules.conditions.of_affiliation import Occupation
from iam.access.rules.pattern import parse
from iam.apply.comparison.draft import Draft
from iam.apply.declared.place import Where
from iam.directory.affiliation import Affiliation
from iam.texts import N_

_MESSAGE = N_("%(key)s names the occupation %(occupation)s, which no fact, no code list and no other clause names.")
_NEAREST, _NONE = N_("The nearest is %(nearest)s."), N_("Check its spelling.")


@dataclass(frozen=True, slots=True)
class _Named:
    """An occupation as an agreement's clause or a rule names it."""

    kind: str
    key: str
    occupation: str
    where: Where


def check(draft: Draft) -> None:
    """Leave a doubt about each occupation that is named once and is nowhere else: not an error, for it may be
    coming."""
    clauses = _clauses(draft)
    named = [one for one in _named(draft) if clauses[one.occupation] < (2 if one.kind == "agreement" else 1)]
    lists: set[str] = {code for shape in draft.overlaid("code list").values() for code in shape["codes"]}
    declared = {row[2] for one in draft.stated("person").values() for row in one.shape["affiliations"]}
    unknown = {one.occupation for one in named} - lists - declared
    a = Affiliation
    held = select(a.occupation).where(a.closed_by.is_(None), a.occupation.is_not(None)).distinct()
    unknown -= set(draft.session.scalars(held.where(a.occupation.in_(unknown)))) if unknown else set()
    if not unknown:
        return
    known = (lists | (declared - {None}) | set(clauses) | {str(one) for one in draft.session.scalars(held)}) - unknown
    for one in named:
        if one.occupation in unknown:
            draft.doubts.append((one.kind, one.key, _doubt(one, known)))


def _doubt(one: _Named, known: Collection[str]) -> Problem:
    near = get_close_matches(one.occupation, known, 1)
    told = {"key": one.key, "occupation": one.occupation} | ({"nearest": near[0]} if near else {})
    return one.where.problem(_MESSAGE, _NEAREST if near else _NONE, **told)


def _named(draft: Draft) -> Iterator[_Named]:
    for kind in ("agreement", "agreement template"):
        for key, stated in draft.stated(kind).items():
            item, where = stated.items[0]
            for place, clause in enumerate(item.clauses):
                for occupation in clause.allows:
                    yield _Named(kind, key, occupation, where.at("clauses", place, "allows"))
    for key, stated in draft.stated("rule").items():
        item, where = stated.items[0]
        pattern = None if item.retired else parse(item.pattern)[0]
        for bound in pattern.bound if pattern is not None else ():
            asked = bound.asks(Occupation)
            for occupation in asked.codes if asked is not None else ():
                yield _Named("rule", key, occupation, where.at("bind", bound.name, "affiliation", "occupation"))


def _clauses(draft: Draft) -> Counter[str]:
    """How many clauses name each occupation, once the declaration is applied."""
    rows = (row for shape in draft.overlaid("agreement").values() for row in shape["clauses"])
    return Counter(who for *_, allowed in rows for who in {who for who, _ in allowed})
