"""An agreement is made, blank or after another one: nobody has signed it, so that it gives nobody anything yet."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import covers_all
from iam.access.agreement_acts.act import NOT_YOURS, WRITE, refuse_whom_it_gives
from iam.access.agreement_acts.clause import lies_in
from iam.access.asker import Asker
from iam.access.derivation import turns
from iam.access.derivation.derive import derive
from iam.access.model import agreements
from iam.access.model.agreement import Agreement, purpose_columns
from iam.access.model.agreements import Clause, Party, Term
from iam.audit import log
from iam.change import Actor, begin
from iam.database.types import uuid7
from iam.directory.organisation import OrganisationPlace
from iam.errors import Conflict, Denied, Invalid
from iam.texts import N_, Wording

MOST_MONTHS = 60
"""So many months lie between two reports on an agreement at most."""
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class NewAgreement:
    """What is said of an agreement before anybody signs it; ``parties`` are legal entities and their roles, and
    ``clauses`` what is allowed between them. ``template`` is the key of the template that it was made by."""

    key: str
    case_number: str
    decision: Mapping[str, Any]
    purpose: Wording
    legal_basis: Mapping[str, Any]
    parties: tuple[tuple[UUID, str], ...]
    valid_from: datetime
    valid_to: datetime
    notice_months: int | None = None
    notice_days: int | None = None
    review_on: date | None = None
    supervision: str | None = None
    supervised_by: str | None = None
    report_months: int | None = None
    processing: Mapping[str, Any] | None = None
    all_sign: bool = False
    clauses: tuple[Clause, ...] = ()
    template: str | None = None


def make(session: Session, said: NewAgreement, asker: Asker, actor: Actor) -> UUID:
    """Write an agreement and return its id; the first party over which the asker holds the permission owns it.

    Raises ``Denied`` for who holds ``agreements.write`` over none of its parties, or not over who allows something, or
    would come under it; ``Invalid`` for what makes no sense, ``Conflict`` when the key is in use.
    """
    _check(session, said)
    grantors = {one.grantor_id for one in said.clauses}
    mine = [one for one, _ in said.parties if covers_all(session, asker.part(WRITE), [one])]
    if not mine or not grantors <= set(mine):
        raise Denied(NOT_YOURS)
    under = agreements.whom_they_allow(session, said.clauses)
    refuse_whom_it_gives(actor.person_id, under)
    change = begin(session, "command", actor, f"agreement {said.key}: make")
    turns.of_definitions(session, change)
    id_ = uuid7()
    agreements.add(session, [_row(id_, said, mine[0])])
    agreements.set_parties(session, change, {id_: [Party(one, role) for one, role in said.parties]})
    agreements.set_terms(session, change, {id_: Term(said.valid_from, said.valid_to, said.all_sign)})
    # What amended the agreement that was copied amends this one not.
    agreements.set_clauses(session, change, {id_: [replace(one, amendment=None) for one in said.clauses]})
    derive(session, change, persons=under, trial=True)
    log.write(
        session,
        "agreement:draft:made",
        actor,
        organisation_id=mine[0],
        change_id=change.id,
        envelope={"agreement": said.key, "clauses": len(said.clauses)}
        | ({"template": said.template} if said.template else {}),
    )
    return id_


def check_key(key: str) -> None:
    """Raise ``Invalid`` for what cannot be the key of an agreement or of a template."""
    if not _KEY.fullmatch(key):
        message = N_("The key is of letters, digits, dots, dashes and underscores.")
        raise Invalid(Problem(message, N_("Write a short one; it never changes."), field="key"))


def _row(id_: UUID, said: NewAgreement, owner_id: UUID) -> dict[str, Any]:
    return {
        "id": id_,
        "key": said.key,
        "case_number": said.case_number,
        "decision": dict(said.decision),
        **purpose_columns(said.purpose),
        "legal_basis": dict(said.legal_basis),
        "owner_id": owner_id,
        "notice_months": said.notice_months,
        "notice_days": said.notice_days,
        "review_on": said.review_on,
        "supervision": said.supervision,
        "supervised_by": said.supervised_by,
        "report_months": said.report_months,
        "processing": None if said.processing is None else dict(said.processing),
    }


def _check(session: Session, said: NewAgreement) -> None:
    check_key(said.key)
    for name in ("case_number", "purpose"):
        if not getattr(said, name):
            raise Invalid(Problem(N_("This is missing."), N_("State it."), field=name))
    if not said.legal_basis:
        raise Invalid(Problem(N_("This is missing."), N_("State it."), field="act"))
    if said.report_months is not None and not 1 <= said.report_months <= MOST_MONTHS:
        message = N_("It is reported at least every %(months)s months.")
        params = {"months": MOST_MONTHS}
        raise Invalid(Problem(message, N_("Write a smaller number."), field="report_months", params=params))
    if said.valid_from >= said.valid_to:
        message = N_("The last day is before the first.")
        raise Invalid(Problem(message, N_("Write a later last day."), field="valid_to"))
    _check_parties(session, [one for one, _ in said.parties])
    if not all(lies_in(session, one) for one in said.clauses):
        message = N_("What is allowed lies in another party's organisations.")
        raise Invalid(
            Problem(message, N_("Leave the clauses out, and make them on the agreement's page."), field="clauses")
        )
    if session.scalar(select(exists().where(Agreement.key == said.key))):
        raise Conflict(Problem(N_("There is an agreement of this key already."), N_("Choose another."), field="key"))


def _check_parties(session: Session, entities: Collection[UUID]) -> None:
    p = OrganisationPlace
    if len(set(entities)) < 2 or len(set(entities)) != len(entities):
        message = N_("An agreement has at least two parties, each once.")
        raise Invalid(Problem(message, N_("Name another organisation."), field="party-2"))
    query = select(p.organisation_id).where(p.organisation_id.in_(entities), p.legal_entity_id == p.organisation_id)
    if set(session.scalars(query.where(p.closed_by.is_(None)))) != set(entities):
        message = N_("One of the parties is no legal entity.")
        raise Invalid(Problem(message, N_("Name the municipality, county or company it belongs to."), field="party-1"))
