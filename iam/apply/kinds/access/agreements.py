"""Agreements between legal entities, with their clauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.agreement_acts.make import MOST_MONTHS
from iam.access.model import agreements, amendments as amended
from iam.access.model.agreement import Agreement as AgreementRow, AgreementAmendment, AgreementTerm, purpose_columns
from iam.apply.comparison.difference import Difference
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Things, empty_interval, one_each
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import Shape, interval
from iam.apply.declared.written import Row, dated, plain
from iam.apply.kind import Kind
from iam.apply.kinds.access import amendments, clauses
from iam.apply.kinds.access.amendments import StatedAmendment
from iam.apply.kinds.access.clauses import Clause, ClauseShape
from iam.apply.kinds.access.decision import Decision
from iam.apply.schema.item import Dated, Item, Key, Text, Worded
from iam.apply.schema.moments import Day
from iam.lifecycle.organisations.tree import settle
from iam.plans.definition_guard import Touched

_OPENING = frozenset({"clauses", "in_force", "all_sign", "parties", "cancelled"})
"""The fields that can open or close what an agreement allows."""


_SUPERVISED = ("supervision", "supervised_by", "report_months", "processing")
"""Fields that are written as they are stated."""
_NEVER = (clock.LONG_AGO, clock.LONG_AGO)


class Annex(Item):
    """A file that belongs to an agreement: its name, and the SHA-256 of what was signed, in hexadecimal."""

    name: Text
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Party(Dated):
    """A legal entity that is a party, for a time: not signed, it is not in, and what it allows or is allowed waits.

    ``document`` is the number of what was signed, ``service`` through which an electronic signature was given, and
    ``notice`` the day on which it gave notice.
    """

    entity: Key
    role: Text = "controller"
    signed: Day = None
    signed_by: Text | None = None
    document: Text | None = None
    service: Text | None = None
    notice: Day = None

    @model_validator(mode="after")
    def _signed_on_a_day(self) -> Self:
        if self.signed is None and (self.signed_by or self.document or self.service):
            raise PydanticCustomError("unsigned_signature", "a signature without its day")
        return self


class PartyShape(NamedTuple):
    """What is said of a party, by the key of its organisation."""

    entity: str
    role: str
    signed: date | None
    signed_by: str | None
    document: str | None
    service: str | None
    notice: date | None
    interval: tuple[datetime, datetime]


class Notice(Item):
    """How long before its end notice is given: by months of the calendar, or by days."""

    months: Annotated[int, Field(ge=1, le=120)] | None = None
    days: Annotated[int, Field(ge=1, le=3650)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.months is None) == (self.days is None):
            raise PydanticCustomError("notice", "months or days")
        return self


class Processing(Item):
    """What the annex on the processing of personal data says; ``afterwards`` is what becomes of the data."""

    subject: Text | None = None
    data_subjects: Text | None = None
    kinds_of_data: Text | None = None
    subprocessors: Text | None = None
    afterwards: Literal["returned", "deleted"] | None = None


class Cancelled(Item):
    """On which day an agreement was given up before it was in force, and why."""

    on: date
    reason: Text


class Agreement(Item):
    """An agreement between legal entities. Its clauses are its content: one that is left out or altered is closed.

    ``all_sign``: no clause lives before everybody who is named as a party has signed. ``review`` is the day by which it
    is looked at again, ``supervision`` how uses are sampled, ``supervised_by`` who supervises, and ``report_months``
    every how many months it is reported. One that was ``cancelled`` is never in force.
    ``amendments`` are left out, or stated all.
    """

    key: Key
    case_number: Text
    decided: Decision
    parties: Annotated[list[Party], Field(min_length=2)]
    in_force: Dated | None = None
    cancelled: Cancelled | None = None
    all_sign: bool = False
    notice: Notice | None = None
    review: Day = None
    supervision: Text | None = None
    supervised_by: Text | None = None
    report_months: Annotated[int, Field(ge=1, le=MOST_MONTHS)] | None = None
    processing: Processing | None = None
    annexes: list[Annex] = []
    purpose: Worded
    legal_basis: dict[str, Any]
    amendments: list[StatedAmendment] | None = None
    clauses: list[Clause] = []

    @model_validator(mode="after")
    def _in_force_at_some_time(self) -> Self:
        if self.in_force is None and self.cancelled is None and not any(party.notice for party in self.parties):
            raise PydanticCustomError("never_in_force", "no time in force")
        return self


def _shape(item: Agreement) -> Shape:
    """Return the shape of an agreement."""
    return {
        "case_number": item.case_number,
        "decided": item.decided.model_dump(mode="json", exclude_none=True),
        "purpose": item.purpose.said(),
        "legal_basis": item.legal_basis,
        "parties": sorted(map(_party_shape, item.parties), key=repr),
        "in_force": None if item.cancelled or item.in_force is None else interval(item.in_force),
        "cancelled": item.cancelled and (item.cancelled.on, item.cancelled.reason),
        "all_sign": item.all_sign and not item.cancelled,
        "notice": (item.notice.months, item.notice.days) if item.notice is not None else (None, None),
        "review": item.review,
        "supervision": item.supervision,
        "supervised_by": item.supervised_by,
        "report_months": item.report_months,
        "processing": (item.processing and item.processing.model_dump(exclude_none=True)) or None,
        "annexes": [one.model_dump() for one in item.annexes],
        "clauses": sorted((clauses.shape(one) for one in item.clauses), key=repr),
    } | _amendments(item)


def _amendments(item: Agreement) -> Shape:
    """Return the amendments of an agreement; nothing when nothing is said of them: they stay as they are."""
    if item.amendments is None:
        return {}
    return {"amendments": sorted(map(amendments.shape, item.amendments), key=repr)}


def _party_shape(item: Party) -> PartyShape:
    signature = item.signed, item.signed_by, item.document, item.service
    return PartyShape(item.entity, item.role, *signature, item.notice, interval(item))


def _stand(session: Session, state: State, things: Things | None) -> None:
    keys = state.keys("organisation")
    parties = agreements.parties(session)
    terms = {
        row.agreement_id: agreements.Term(row.valid_from, row.valid_to, row.all_sign)
        for row in session.execute(select(AgreementTerm.__table__).where(AgreementTerm.closed_by.is_(None)))
    }
    standing, by = agreements.clauses(session), amended.amendments(session)
    for row in session.execute(select(AgreementRow.__table__).order_by(AgreementRow.key)):
        term = terms.get(row.id)
        shape = {
            "case_number": row.case_number,
            "decided": row.decision,
            "purpose": row.purpose_names or row.purpose,
            "legal_basis": row.legal_basis,
            "parties": sorted((_standing_party(one, keys) for one in parties.get(row.id, ())), key=repr),
            "in_force": term and (term.valid_from, term.valid_to),
            "cancelled": row.cancelled_on and (row.cancelled_on, row.cancelled_because),
            "all_sign": term is not None and term.all_sign,
            "notice": (row.notice_months, row.notice_days),
            "review": row.review_on,
            "supervision": row.supervision,
            "supervised_by": row.supervised_by,
            "report_months": row.report_months,
            "processing": row.processing,
            "annexes": row.annexes,
            "amendments": sorted(map(amendments.standing_shape, by.get(row.id, ())), key=repr),
            "clauses": sorted(
                (clauses.standing_shape(clause, keys) for clause in standing.get(row.id, {}).values()), key=repr
            ),
        }
        state.put("agreement", row.key, row.id, shape)


def _standing_party(party: agreements.Party, keys: dict[UUID, str]) -> PartyShape:
    signature = party.signed_on, party.signed_by, party.document_number, party.signing_service
    times = party.valid_from, party.valid_to
    return PartyShape(keys[party.legal_entity_id], party.role, *signature, party.notice_on, times)


def _check(draft: Draft) -> None:
    """Check parties, clauses and scopes; a scope must lie in the grantor's own part of the tree."""
    stated = draft.stated("agreement")
    if not stated:
        return
    standing, _ = settle(draft.tree)
    belongs = {(place.organisation_id, place.legal_entity_id) for place in standing}
    for one in stated.values():
        item, where = one.items[0]
        if one.shape["in_force"] is not None:
            draft.problems += empty_interval(one.shape["in_force"], where.at("in_force"))
        _parties(draft, item, belongs, where)
        standing_one = draft.standing("agreement").get(item.key)
        known = standing_one["amendments"] if standing_one else ()
        if item.amendments is not None:
            amendments.check(draft, item.amendments, known, where.at("amendments"))
            known = [*map(amendments.shape, item.amendments)]
        for place, clause in enumerate(item.clauses):
            here = where.at("clauses", place)
            clauses.check(draft, clause, {party.entity for party in item.parties}, belongs, here)
            clauses.check_amendment(draft, clause, {one.n for one in known}, here)


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
        draft.problems += empty_interval(interval(party), where.at("parties", place))
        if party.entity in named:
            draft.wrong(here, "This party is named twice.", "Name it once.")
        named.add(party.entity)


def _write(writing: Writing) -> None:
    agreements.add(writing.session, [_row(writing, *one) for one in writing.some("agreement", "create")])
    agreements.amend(writing.session, [_row(writing, *one) for one in writing.some("agreement", "change")])
    ids = writing.draft.organisations
    parties, terms, rows, said = {}, {}, {}, {}
    for key, shape in writing.all("agreement"):
        id_ = writing.id_of("agreement", key)
        if writing.differs("agreement", key, "parties"):
            parties[id_] = [_party(ids, party) for party in shape["parties"]]
        if writing.differs("agreement", key, "in_force") or writing.differs("agreement", key, "all_sign"):
            start, end = shape["in_force"] or _NEVER
            terms[id_] = agreements.Term(start, end, shape["all_sign"])
        if "amendments" in shape and writing.differs("agreement", key, "amendments"):
            said[id_] = amendments.as_stored(shape["amendments"])
        if writing.differs("agreement", key, "clauses"):
            rows[id_] = writing.draft.stated("agreement")[key].items[0][0].clauses
    agreements.set_parties(writing.session, writing.change, parties)
    agreements.set_terms(writing.session, writing.change, terms)
    amended.state(writing.session, writing.change, said)
    naming = [id_ for id_, some in rows.items() if any(one.amendment for one in some)]
    numbers = amended.amendments(writing.session, of=naming) if naming else {}
    stored = {id_: _clauses(writing, some, numbers.get(id_, ())) for id_, some in rows.items()}
    altered = agreements.set_clauses(writing.session, writing.change, stored)
    writing.touched |= agreements.whom_they_allow(writing.session, altered)


def _clauses(writing: Writing, some: list[Clause], by: Iterable[AgreementAmendment]) -> list[agreements.Clause]:
    """Return clauses as they are stored, each with the amendment by which it says it came about."""
    ids = {one.n: one.id for one in by}
    return [
        replace(clauses.as_stored(writing, clauses.shape(one)), amendment=ids.get(one.amendment or 0)) for one in some
    ]


def _party(ids: Mapping[str, UUID], said: PartyShape) -> agreements.Party:
    start, end = said.interval
    signature = said.signed, said.signed_by, said.document, said.service
    return agreements.Party(ids[said.entity], said.role, *signature, start, end, said.notice)


def _row(writing: Writing, key: str, shape: Shape) -> dict[str, Any]:
    item, _ = writing.draft.stated("agreement")[key].items[0]
    cancelled_on, cancelled_because = shape["cancelled"] or (None, None)
    return {
        "id": writing.id_of("agreement", key),
        "key": key,
        "case_number": shape["case_number"],
        "decision": shape["decided"],
        **purpose_columns(shape["purpose"]),
        "legal_basis": shape["legal_basis"],
        "notice_months": shape["notice"][0],
        "notice_days": shape["notice"][1],
        "review_on": shape["review"],
        **{name: shape[name] for name in _SUPERVISED},
        "annexes": shape["annexes"],
        "cancelled_on": cancelled_on,
        "cancelled_because": cancelled_because,
        "owner_id": writing.draft.organisations[item.parties[0].entity],
    }


def _export(session: Session, state: State) -> Iterator[Row]:
    by = _by_amendment(session, state)
    for key, shape in state.shapes["agreement"].items():
        said = {name: shape[name] for name in ("case_number", "decided", "purpose", "legal_basis")}
        yield (
            {"key": key}
            | said
            | {"parties": [_written(one) for one in shape["parties"]]}
            | ({} if shape["in_force"] is None else {"in_force": dated(*shape["in_force"])})
            | plain({"cancelled": shape["cancelled"] and dict(zip(("on", "reason"), shape["cancelled"], strict=True))})
            | plain({"all_sign": shape["all_sign"] or None, "notice": _notice(*shape["notice"])})
            | plain({name: shape[name] or None for name in ("review", *_SUPERVISED, "annexes")})
            | plain({"amendments": [amendments.export(one) for one in shape["amendments"]]})
            | {"clauses": [clauses.export(row) | plain({"amendment": by.get((key, row))}) for row in shape["clauses"]]}
        )


def _by_amendment(session: Session, state: State) -> dict[tuple[str, ClauseShape], int]:
    """The numbers of the amendments by which clauses came about, by their agreement's key and what they say."""
    numbers = {one.id: one.n for some in amended.amendments(session).values() for one in some}
    keys, names = state.keys("organisation"), state.keys("agreement")
    return {
        (names[agreement_id], clauses.standing_shape(clause, keys)): numbers[clause.amendment]
        for agreement_id, some in agreements.clauses(session).items()
        for clause in some.values()
        if clause.amendment in numbers
    }


def _notice(months: int | None, days: int | None) -> Row:
    return plain({"months": months, "days": days})


def _written(said: PartyShape) -> Row:
    """Return a party as it is written out."""
    return plain(said._asdict() | {"interval": None}) | dated(*said.interval)


def _touches(draft: Draft, one: Difference) -> Touched:
    """Agreements are always between legal entities."""
    return Touched(across=one.action == "create" or bool(_OPENING & set(one.fields)))


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
    parts={
        "parties": ("entity", "role", "signed", "signed_by", "document", "service", "notice", "in_force"),
        "amendments": amendments.AmendmentShape._fields,
        "clauses": clauses.PARTS,
    },
    guarded=True,
    derives="those touched",
)
