"""Shapes: what is stated and what stands, brought to the same plain values so that they can be compared and written
out.

A shape is a mapping of field to value. Intervals are pairs of instants, references are keys, lists without an order are
sorted. A field that is not in a stated shape is not asked for (a password that is not given).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from iam.apply.schema.agreements import Agreement, Clause, CodeList, Rule
from iam.apply.schema.applications import Application, Client, Role
from iam.apply.schema.inbound import Source
from iam.apply.schema.item import Dated, Names
from iam.apply.schema.moments import end_of, start_of

Shape = dict[str, Any]
Interval = tuple[datetime, datetime]


def interval(item: Dated) -> Interval:
    """Return the instants from and to which an item holds."""
    return start_of(item.from_), end_of(item.to)


def names(item: Names | None) -> dict[str, str] | None:
    """Return a name by language."""
    return None if item is None else item.model_dump()


def code_list(item: CodeList) -> Shape:
    """Return the shape of a code list; without a stated owner it is completed when it is checked."""
    return {"owner": item.owner, "codes": item.codes}


def source(item: Source) -> Shape:
    """Return the shape of a source."""
    return item.model_dump(exclude={"key"})


def application(item: Application) -> Shape:
    """Return the shape of an application without its roles and clients, which have their own."""
    return item.model_dump(exclude={"key", "roles", "clients"})


def role(item: Role) -> Shape:
    """Return the shape of a role; ``includes`` are those stated, directly. Who hands it out is completed when it is
    checked."""
    return item.model_dump(exclude={"key"})


def client(item: Client, application_key: str) -> Shape:
    """Return the shape of a client without its secret."""
    return {"application": application_key} | item.model_dump(exclude={"client_id", "secret", "secret_file"})


class ClauseShape(NamedTuple):
    """What a clause says, organisations by key; ``weaker`` is who accepted a weaker enforcement, on which day."""

    grantor: str
    grantee: str
    scope: str
    with_descendants: bool
    relationship: str | None
    weaker: tuple[str, date] | None
    interval: tuple[datetime, datetime]
    allowed: tuple[tuple[str, str], ...]


def clause(item: Clause) -> ClauseShape:
    """Return the shape of a clause."""
    allowed = tuple(sorted((who, right) for who, rights in item.allows.items() for right in rights))
    accepted = item.weaker_enforcement
    weaker = (accepted.accepted_by, accepted.on) if accepted is not None and accepted.on is not None else None
    scope = item.scope
    return ClauseShape(
        item.grantor,
        item.grantee,
        scope.organisation,
        scope.with_descendants,
        item.relationship,
        weaker,
        interval(item),
        allowed,
    )


def agreement(item: Agreement) -> Shape:
    """Return the shape of an agreement."""
    return {
        "case_number": item.case_number,
        "decided": item.decided.model_dump(mode="json", exclude_none=True),
        "purpose": item.purpose,
        "legal_basis": item.legal_basis,
        "parties": sorted((party.entity, party.role, party.signed) for party in item.parties),
        "in_force": interval(item.in_force),
        "clauses": sorted((clause(one) for one in item.clauses), key=repr),
    }


def rule(item: Rule) -> Shape:
    """Return the shape of a rule; the pattern of a retired one does not matter any more."""
    live = {} if item.retired else {"pattern": item.pattern}
    return {"owner": item.owner, "retired": item.retired} | live
