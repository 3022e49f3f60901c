"""Confirmed guardians of protected children: what is stated checked against the people that are here, written, and
written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from iam.apply.comparison import people
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.people import Named
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Stated, Things
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import confirmed_key
from iam.apply.schema.moments import from_end, from_start
from iam.directory.affiliation import Relationship
from iam.lifecycle import guardians
from iam.lifecycle.guardians import Pair

KIND = "confirmed guardian"
SEALED = "identity-code"


def asks(things: Things) -> Iterator[Named]:
    """Yield by which identifiers people are named."""
    for one in things.values():
        yield from (end.named for end in (one.items[0][0].guardian, one.items[0][0].child))


def stand(session: Session, state: State, things: Things | None) -> None:
    """Put in the confirmations of those who are spoken of; writing out asks for all of them itself."""
    pairs = {key: pair for key, one in (things or {}).items() if (pair := _pair(state, one)) is not None}
    standing = guardians.confirmations(session, list(pairs.values())) if pairs else {}
    for key, pair in pairs.items():
        if pair in standing:
            state.shapes[KIND][key] = {"intervals": sorted(standing[pair])}


def _pair(state: State, one: Stated) -> Pair | None:
    item, known = one.items[0][0], state.people.named
    guardian, child = known.get(item.guardian.named), known.get(item.child.named)
    return None if guardian is None or child is None else (guardian, child)


def check(draft: Draft) -> None:
    """Check that both are here and that the one is the other's guardian."""
    pairs: list[tuple[Pair, Where]] = []
    for one in draft.stated(KIND).values():
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
    if item.identifier == SEALED:
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


def write(writing: Writing) -> None:
    """Write the confirmations that differ."""
    things, state = writing.draft.stated(KIND), writing.draft.state
    found = ((_pair(state, things[key]), shape["intervals"]) for key, shape in writing.all(KIND))
    stated = {pair: intervals for pair, intervals in found if pair is not None}
    if stated:
        guardians.state(writing.session, writing.change, stated, writing.actor)


def exported(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield each confirmation of people who have an identifier that may be read."""
    confirmed = guardians.confirmations(session)
    known = people.identifiers(session, list({person_id for pair in confirmed for person_id in pair}))
    found = [
        (known[one], known[other], times)
        for (one, other), times in confirmed.items()
        if one in known and other in known
    ]
    for guardian, child, times in sorted(found, key=lambda row: confirmed_key(row[0], row[1])):
        for start, end in times:
            dated = {name: day for name, day in (("from", from_start(start)), ("to", from_end(end))) if day is not None}
            yield {"guardian": _named(guardian), "child": _named(child)} | dated


def _named(one: Named) -> dict[str, str]:
    kind, issuer, value = one
    return {"identifier": kind} | ({"issuer": issuer} if issuer else {}) | {"value": value}
