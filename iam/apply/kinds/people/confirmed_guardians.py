"""Confirmed guardians of protected children: who may know where the child is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from iam.apply.comparison import people
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Stated, Things
from iam.apply.declared.place import Where
from iam.apply.declared.written import Row, dated
from iam.apply.kind import Kind
from iam.apply.kinds.people.identified import SEALED, Named
from iam.apply.schema.item import Dated
from iam.directory.affiliation import Relationship
from iam.lifecycle import guardians
from iam.lifecycle.guardians import Pair

NAME = "confirmed guardian"


class ConfirmedGuardian(Dated):
    """That the guardian of a protected child may know where the child is; both are named by an identifier."""

    guardian: Named
    child: Named


def _key(guardian: tuple[str, str, str], child: tuple[str, str, str]) -> str:
    """Return the name of a confirmation, by the identifiers of both."""
    return f"{'/'.join(guardian)} of {'/'.join(child)}"


def _declare(found: Declaration, items: Items) -> None:
    """State confirmations by both of their ends."""
    for item, where in items:
        key = _key(item.guardian.named, item.child.named)
        found.gather(NAME, key, "intervals", item, where)


def _asks(things: Things) -> Iterator[people.Named]:
    """Yield by which identifiers people are named."""
    for one in things.values():
        yield from (end.named for end in (one.items[0][0].guardian, one.items[0][0].child))


def _stand(session: Session, state: State, things: Things | None) -> None:
    """Put in the confirmations of those who are spoken of; writing out asks for all of them itself."""
    pairs = {key: pair for key, one in (things or {}).items() if (pair := _pair(state, one)) is not None}
    standing = guardians.confirmations(session, list(pairs.values())) if pairs else {}
    for key, pair in pairs.items():
        if pair in standing:
            state.shapes[NAME][key] = {"intervals": sorted(standing[pair])}


def _pair(state: State, one: Stated) -> Pair | None:
    item, known = one.items[0][0], state.people.named
    guardian, child = known.get(item.guardian.named), known.get(item.child.named)
    return None if guardian is None or child is None else (guardian, child)


def _check(draft: Draft) -> None:
    """Check that both are here and that the one is the other's guardian."""
    pairs: list[tuple[Pair, Where]] = []
    for one in draft.stated(NAME).values():
        item, where = one.items[0]
        ends = [
            _person(draft, end, where.at(name)) for name, end in (("guardian", item.guardian), ("child", item.child))
        ]
        if ends[0] is not None and ends[1] is not None:
            pairs.append(((ends[0], ends[1]), where))
    related = _related(draft.session, [pair for pair, _ in pairs])
    for pair, where in pairs:
        if pair not in related:
            draft.wrong(
                where,
                "The one is not known as the other's guardian.",
                "Check both, or run the source that tells it first.",
            )


def _person(draft: Draft, item: Any, where: Where) -> Any:
    if item.identifier in SEALED:
        draft.wrong(where, "A declaration must not hold identity codes.", "Name another identifier.")
        return None
    found = draft.state.people.named.get(item.named)
    if found is None:
        draft.wrong(where, "No source has brought this person.", "Run the source first, or check the identifier.")
    return found


def _related(session: Session, pairs: list[Pair]) -> set[Pair]:
    r = Relationship
    query = select(r.person_id, r.other_person_id).where(
        r.kind == "guardian_of", r.closed_by.is_(None), tuple_(r.person_id, r.other_person_id).in_(pairs)
    )
    return {(guardian, child) for guardian, child in session.execute(query)}


def _write(writing: Writing) -> None:
    """Write the confirmations that differ."""
    things, state = writing.draft.stated(NAME), writing.draft.state
    found = ((_pair(state, things[key]), shape["intervals"]) for key, shape in writing.all(NAME))
    stated = {pair: intervals for pair, intervals in found if pair is not None}
    if stated:
        guardians.state(writing.session, writing.change, stated, writing.actor)


def _export(session: Session, state: State) -> Iterator[Row]:
    """Yield each confirmation of people who have an identifier that may be read."""
    confirmed = guardians.confirmations(session)
    known = people.identifiers(session, list({person_id for pair in confirmed for person_id in pair}))
    found = [
        (known[one], known[other], times)
        for (one, other), times in confirmed.items()
        if one in known and other in known
    ]
    for guardian, child, times in sorted(found, key=lambda row: _key(row[0], row[1])):
        for start, end in times:
            yield {"guardian": _named(guardian), "child": _named(child)} | dated(start, end)


def _named(one: people.Named) -> dict[str, str]:
    kind, issuer, value = one
    return {"identifier": kind} | ({"issuer": issuer} if issuer else {}) | {"value": value}


KIND = Kind(
    name=NAME,
    section="confirmed_guardians",
    model=ConfirmedGuardian,
    declare=_declare,
    asks=_asks,
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
)
