"""What an agreement allows is made, altered or ended: a clause is immutable, so that an altered one is closed and
another opened, with a number of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import covers_all
from iam.access.agreement_acts.act import NOT_YOURS, WRITE, Act, Stated, Told, grantors, party
from iam.access.asker import Asker
from iam.access.derivation.derive import derive
from iam.access.model import agreements, amendments
from iam.access.model.agreement import Agreement, AgreementClause
from iam.access.model.agreements import Clause, is_within
from iam.access.model.amendments import Amendment
from iam.change import Change
from iam.directory.organisation import OrganisationPlace, OrganisationRelation
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.texts import N_

_OVER = Problem(N_("That day is over already."), N_("Write today or a later day."))
_NO_CLAUSE = Problem(N_("The agreement has no such clause any more."), N_("Open the page again."))


@dataclass(frozen=True, slots=True)
class SetClause(Act):
    """A clause is made, or takes the place of the one of that ``number`` from now on.

    What opens data (a new clause, one that allows more, longer or elsewhere) is stated by its grantor; what narrows
    one, by either of its sides for itself. ``entity_id`` is in whose name it is done, and ``by`` by what the agreement
    is amended, once both sides have signed.
    """

    name: ClassVar[str] = "clause"
    event: ClassVar[str] = "agreement:clause:stated"
    derives: ClassVar[bool] = True
    told: ClassVar[Told | None] = "clause"
    says: Clause
    number: int | None = None
    by: Amendment | None = None

    def check(self, session: Session, agreement: Agreement, asker: Asker) -> None:
        """See ``Act``: the scope lies in the grantor's part, and both sides are parties."""
        standing = None if self.number is None else standing_clause(session, agreement, self.number)[1]
        for side in (self.says.grantor_id, self.says.grantee_id):
            party(session, agreement, side)
        _require_sense(session, self.says, standing)
        if standing is not None:
            # Else a third party could put a clause of its own in the place of one that is none of its business.
            _require_side(session, asker, standing, narrows=True)
        _require_side(session, asker, self.says, narrows=standing is not None and is_within(self.says, standing))
        if self.by is None:
            require_unsigned(session, agreement, *(one for one in (self.says, standing) if one is not None))

    def opens(self, session: Session, agreement: Agreement) -> bool:
        """See ``Act``: between two who have signed, whether or not anybody gains by it today."""
        if self._narrows(session, agreement):
            return False
        sides = (party(session, agreement, one) for one in (self.says.grantor_id, self.says.grantee_id))
        return all(one.signed_on is not None for one in sides)

    def under(self, session: Session, agreement: Agreement) -> Collection[UUID]:
        """See ``Act``."""
        return () if self._narrows(session, agreement) else agreements.whom_they_allow(session, [self.says])

    def _narrows(self, session: Session, agreement: Agreement) -> bool:
        return self.number is not None and is_within(self.says, standing_clause(session, agreement, self.number)[1])

    def deciders(self, session: Session, agreement: Agreement) -> set[UUID]:
        """See ``Act``: the clause's own grantor besides."""
        return grantors(session, agreement.id) | {self.says.grantor_id}

    def write(self, session: Session, change: Change, agreement: Agreement) -> None:
        """See ``Act``."""
        _put(session, change, agreement, self.number, self.says, self.by)

    def stated(self) -> dict[str, Any]:
        """See ``Act``: what is allowed as lines of position, data group and operation."""
        said = self.says
        ids = {name: str(getattr(said, name)) for name in ("grantor_id", "grantee_id", "scope_id")}
        return {
            "act": self.name,
            "entity_id": str(self.entity_id),
            "number": self.number,
            **ids,
            "with_descendants": said.with_descendants,
            "over_area": said.over_area,
            "relationship_kind": said.relationship_kind,
            "weaker_accepted_by": said.weaker_accepted_by,
            "weaker_accepted_on": None if said.weaker_accepted_on is None else said.weaker_accepted_on.isoformat(),
            "valid_from": said.valid_from.isoformat(),
            "valid_to": said.valid_to.isoformat(),
            "content": sorted(map(list, said.content)),
            "amendment": None if self.by is None else self.by.stated(),
        }

    @classmethod
    def read(cls, stated: Stated) -> Self:
        """Return it as it was kept."""
        accepted_on = stated["weaker_accepted_on"]
        says = Clause(
            UUID(stated["grantor_id"]),
            UUID(stated["grantee_id"]),
            UUID(stated["scope_id"]),
            stated["with_descendants"],
            stated["relationship_kind"],
            stated["weaker_accepted_by"],
            None if accepted_on is None else date.fromisoformat(accepted_on),
            datetime.fromisoformat(stated["valid_from"]),
            datetime.fromisoformat(stated["valid_to"]),
            frozenset((occupation, group, operation) for occupation, group, operation in stated["content"]),
            stated.get("over_area", False),
        )
        return cls(UUID(stated["entity_id"]), says, stated["number"], Amendment.read(stated.get("amendment")))


@dataclass(frozen=True, slots=True)
class EndClause(Act):
    """A clause ends with a day, today at the earliest, as either of its sides says for itself; ``by`` as of
    ``SetClause``."""

    name: ClassVar[str] = "end-clause"
    event: ClassVar[str] = "agreement:clause:ended"
    derives: ClassVar[bool] = True
    told: ClassVar[Told | None] = "clause"
    number: int
    last_day: date
    by: Amendment | None = None

    def check(self, session: Session, agreement: Agreement, asker: Asker) -> None:
        """See ``Act``."""
        _, says = standing_clause(session, agreement, self.number)
        _require_side(session, asker, says, narrows=True)
        if self.last_day < clock.today():
            raise Invalid(replace(_OVER, field="last_day"))
        if says.valid_to <= clock.day_end(self.last_day):
            message = N_("The clause ends by that day already.")
            raise Invalid(Problem(message, N_("Write an earlier day."), field="last_day"))
        if self.by is None:
            require_unsigned(session, agreement, says)

    def last(self, agreement: Agreement) -> date | None:
        """See ``Act``."""
        return self.last_day

    def write(self, session: Session, change: Change, agreement: Agreement) -> None:
        """See ``Act``: one that would not have begun by then never does."""
        _, says = standing_clause(session, agreement, self.number)
        ended = replace(says, valid_to=clock.day_end(self.last_day))
        _put(session, change, agreement, self.number, ended if ended.valid_from < ended.valid_to else None, self.by)

    def stated(self) -> dict[str, Any]:
        """See ``Act``."""
        return {
            "act": self.name,
            "entity_id": str(self.entity_id),
            "number": self.number,
            "last_day": self.last_day.isoformat(),
            "amendment": None if self.by is None else self.by.stated(),
        }

    @classmethod
    def read(cls, stated: Stated) -> Self:
        """Return it as it was kept."""
        last, by = date.fromisoformat(stated["last_day"]), Amendment.read(stated.get("amendment"))
        return cls(UUID(stated["entity_id"]), int(stated["number"]), last, by)


def standing_clause(session: Session, agreement: Agreement, number: int) -> tuple[UUID, Clause]:
    """Return a clause of that number, with its id; raises ``NotFound`` when it is closed."""
    c = AgreementClause
    query = select(c.id).where(c.agreement_id == agreement.id, c.n == number, c.closed_by.is_(None))
    id_ = session.scalar(query)
    if id_ is None:
        raise NotFound(_NO_CLAUSE)
    return id_, agreements.clauses(session, of=[agreement.id])[agreement.id][id_]


def side_of(session: Session, asker: Asker, says: Clause) -> UUID | None:
    """Return the side in whose name an asker alters a clause, the grantor before the grantee; None: neither."""
    sides = (says.grantor_id, says.grantee_id)
    return next((one for one in sides if covers_all(session, asker.part(WRITE), [one])), None)


def _require_side(session: Session, asker: Asker, says: Clause, *, narrows: bool) -> None:
    side = side_of(session, asker, says)
    if side is None or (side != says.grantor_id and not narrows):
        raise Denied(NOT_YOURS)


def require_unsigned(session: Session, agreement: Agreement, *clauses: Clause) -> None:
    """Raise ``Invalid`` where both sides of one of these clauses have signed: an amendment is asked for then."""
    standing = agreements.parties(session, [agreement.id]).get(agreement.id, ())
    signed = {one.legal_entity_id for one in standing if one.signed_on is not None}
    if any({one.grantor_id, one.grantee_id} <= signed for one in clauses):
        message = N_("Both sides have signed: what is changed now amends the agreement.")
        remedy = N_("Write who decided on it and when, or under which delegation it is done.")
        raise Invalid(Problem(message, remedy, field="delegation"))


def _require_sense(session: Session, says: Clause, standing: Clause | None) -> None:
    if says.grantor_id == says.grantee_id:
        raise Invalid(Problem(N_("A party allows nothing to itself."), N_("Choose another."), field="grantee"))
    if not lies_in(session, says):
        message = N_("That organisation does not belong to who allows it.")
        raise Invalid(Problem(message, N_("Choose one of the party that allows it."), field="scope"))
    if not says.content:
        message = N_("The clause allows nothing.")
        raise Invalid(Problem(message, N_("Choose at least one position and one use."), field="content"))
    if says.valid_from >= says.valid_to:
        message = N_("The last day is before the first.")
        raise Invalid(Problem(message, N_("Write a later last day."), field="valid_to"))
    if says.valid_to <= clock.now():
        raise Invalid(replace(_OVER, field="valid_to"))
    if says == standing:
        raise Conflict(Problem(N_("That is what the clause says already."), N_("Change something first.")))


def lies_in(session: Session, says: Clause) -> bool:
    """Whether the scope of a clause, or something that its area covers, belongs to its grantor, at any time that is
    known now."""
    p, r = OrganisationPlace, OrganisationRelation
    covered = select(r.other_id).where(r.organisation_id == says.scope_id, r.kind == "covers", r.closed_by.is_(None))
    place = p.organisation_id.in_(covered) if says.over_area else p.organisation_id == says.scope_id
    return bool(
        session.scalar(select(exists().where(place, p.legal_entity_id == says.grantor_id, p.closed_by.is_(None))))
    )


def _put(
    session: Session,
    change: Change,
    agreement: Agreement,
    number: int | None,
    says: Clause | None,
    by: Amendment | None,
) -> None:
    """Let a clause take the place of the one of that number, by an amendment, and derive whom either allows something.

    The caller has everybody's turn, or takes it back.
    """
    standing: Mapping[UUID, Clause] = agreements.clauses(session, of=[agreement.id]).get(agreement.id, {})
    gone = None if number is None else standing_clause(session, agreement, number)[0]
    amended = None if by is None else amendments.add(session, change, agreement.id, by)
    stay = [one for id_, one in standing.items() if id_ != gone]
    altered = agreements.set_clauses(
        session, change, {agreement.id: [*stay, *([] if says is None else [replace(says, amendment=amended)])]}
    )
    derive(session, change, persons=agreements.whom_they_allow(session, altered), trial=True)
