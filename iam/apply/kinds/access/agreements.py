"""Agreements between legal entities, with their clauses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model import agreements
from iam.access.model.agreement import Agreement as AgreementRow, AgreementParty, AgreementTerm
from iam.apply.comparison.difference import Difference
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Things, empty_interval, one_each
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import Shape, interval
from iam.apply.declared.written import Row, dated, plain
from iam.apply.kind import Kind
from iam.apply.kinds.access import clauses
from iam.apply.kinds.access.clauses import Clause
from iam.apply.schema.item import Dated, Item, Key, Text
from iam.apply.schema.moments import Day
from iam.lifecycle.organisations.tree import settle
from iam.plans.definition_guard import Touched


class Decision(Item):
    """Who decided on an agreement, when and in which section of the minutes."""

    body: Text
    date: Day
    section: int | None = None


class Party(Item):
    """A legal entity that is a party; not signed, it keeps the agreement from being in force."""

    entity: Key
    role: Text = "controller"
    signed: Day = None


class Agreement(Item):
    """An agreement between legal entities. Its clauses are its content: one that is left out or altered is closed."""

    key: Key
    case_number: Text
    decided: Decision
    parties: Annotated[list[Party], Field(min_length=2)]
    in_force: Dated
    purpose: Text
    legal_basis: dict[str, Any]
    clauses: list[Clause] = []


def _shape(item: Agreement) -> Shape:
    """Return the shape of an agreement."""
    return {
        "case_number": item.case_number,
        "decided": item.decided.model_dump(mode="json", exclude_none=True),
        "purpose": item.purpose,
        "legal_basis": item.legal_basis,
        "parties": sorted((party.entity, party.role, party.signed) for party in item.parties),
        "in_force": interval(item.in_force),
        "clauses": sorted((clauses.shape(one) for one in item.clauses), key=repr),
    }


def _stand(session: Session, state: State, things: Things | None) -> None:
    keys = state.keys("organisation")
    parties: dict[UUID, list[Any]] = defaultdict(list)
    for party in session.execute(select(AgreementParty.__table__)):
        parties[party.agreement_id].append((keys[party.legal_entity_id], party.role, party.signed_on))
    terms = {
        row.agreement_id: (row.valid_from, row.valid_to)
        for row in session.execute(select(AgreementTerm.__table__).where(AgreementTerm.closed_by.is_(None)))
    }
    standing = agreements.clauses(session)
    for row in session.execute(select(AgreementRow.__table__).order_by(AgreementRow.key)):
        shape = {
            "case_number": row.case_number,
            "decided": row.decision,
            "purpose": row.purpose,
            "legal_basis": row.legal_basis,
            "parties": sorted(parties[row.id], key=repr),
            "in_force": terms.get(row.id),
            "clauses": sorted(
                (clauses.standing_shape(clause, keys) for clause in standing.get(row.id, {}).values()), key=repr
            ),
        }
        state.put("agreement", row.key, row.id, shape)


def _check(draft: Draft) -> None:
    """Check parties, clauses and scopes; a scope must lie in the grantor's own part of the tree."""
    stated = draft.stated("agreement")
    if not stated:
        return
    standing, _ = settle(draft.tree)
    belongs = {(place.organisation_id, place.legal_entity_id) for place in standing}
    for one in stated.values():
        item, where = one.items[0]
        draft.problems += empty_interval(one.shape["in_force"], where.at("in_force"))
        _parties(draft, item, belongs, where)
        for place, clause in enumerate(item.clauses):
            clauses.check(draft, clause, {party.entity for party in item.parties}, belongs, where.at("clauses", place))


def _parties(draft: Draft, item: Agreement, belongs: set[tuple[UUID, UUID]], where: Where) -> None:
    named: set[str] = set()
    for place, party in enumerate(item.parties):
        here = where.at("parties", place, "entity")
        id_ = draft.organisation(party.entity, here)
        if id_ is not None and id_ in draft.tree and (id_, id_) not in belongs:
            draft.wrong(
                here,
                "%(key)s is no legal entity.",
                "Name the municipality, county or company it belongs to.",
                key=party.entity,
            )
        if party.entity in named:
            draft.wrong(here, "This party is named twice.", "Name it once.")
        named.add(party.entity)


def _write(writing: Writing) -> None:
    agreements.add(writing.session, [_row(writing, *one) for one in writing.some("agreement", "create")])
    agreements.amend(writing.session, [_row(writing, *one) for one in writing.some("agreement", "change")])
    ids = writing.draft.organisations
    parties, terms, rows = {}, {}, {}
    for key, shape in writing.all("agreement"):
        id_ = writing.id_of("agreement", key)
        if writing.differs("agreement", key, "parties"):
            parties[id_] = [(ids[entity], role, signed) for entity, role, signed in shape["parties"]]
        if writing.differs("agreement", key, "in_force"):
            terms[id_] = shape["in_force"]
        if writing.differs("agreement", key, "clauses"):
            rows[id_] = [clauses.as_stored(writing, row) for row in shape["clauses"]]
    agreements.set_parties(writing.session, parties)
    agreements.set_terms(writing.session, writing.change, terms)
    altered = agreements.set_clauses(writing.session, writing.change, rows)
    writing.touched |= agreements.whom_they_allow(writing.session, altered)


def _row(writing: Writing, key: str, shape: Shape) -> dict[str, Any]:
    item, _ = writing.draft.stated("agreement")[key].items[0]
    return {
        "id": writing.id_of("agreement", key),
        "key": key,
        "case_number": shape["case_number"],
        "decision": shape["decided"],
        "purpose": shape["purpose"],
        "legal_basis": shape["legal_basis"],
        "owner_id": writing.draft.organisations[item.parties[0].entity],
    }


def _export(session: Session, state: State) -> Iterator[Row]:
    for key, shape in state.shapes["agreement"].items():
        parties = [
            plain({"entity": entity, "role": role, "signed": signed}) for entity, role, signed in shape["parties"]
        ]
        in_force = dated(*shape["in_force"])
        said = {name: shape[name] for name in ("case_number", "decided", "purpose", "legal_basis")}
        yield (
            {"key": key}
            | said
            | {"parties": parties, "in_force": in_force, "clauses": [clauses.export(row) for row in shape["clauses"]]}
        )


def _touches(draft: Draft, one: Difference) -> Touched:
    """Agreements are always between legal entities."""
    return Touched(across=one.action == "create" or bool({"clauses", "in_force", "parties"} & set(one.fields)))


KIND = Kind(
    name="agreement",
    section="agreements",
    model=Agreement,
    declare=one_each("agreement", "key", _shape),
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    touches=_touches,
    parts={"parties": ("entity", "role", "signed"), "clauses": clauses.PARTS},
    guarded=True,
    derives="those touched",
)
