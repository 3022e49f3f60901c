"""The clauses of an agreement are restored as they were before a change; signatures, notices and suspensions never
are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Self
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import covers_all
from iam.access.agreement_acts.act import NOT_YOURS, WRITE, Act, Stated, Told, grantors, party
from iam.access.agreement_acts.clause import SetClause, lies_in, require_unsigned, side_of
from iam.access.asker import Asker
from iam.access.derivation.derive import derive
from iam.access.model import agreements, amendments
from iam.access.model.agreement import Agreement, AgreementClause
from iam.access.model.agreements import Clause, is_within
from iam.access.model.amendments import Amendment
from iam.change import Change
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.texts import N_

_ALREADY = Problem(N_("The clauses are like this already."), N_("Choose another change."))


class ClauseMoves(NamedTuple):
    """What restoring does now: clauses that come back, and those that are closed."""

    back: Sequence[Clause]
    closed: Sequence[Clause]


@dataclass(frozen=True, slots=True)
class RestoreClauses(Act):
    """The clauses become what they were before a change (``change_id``), without those that are over: ``says``.

    Each clause that comes back allowing more than what stands is stated by its grantor; what takes away, by either of
    its sides. ``entity_id`` is in whose name it is done; ``by`` is asked once both sides of a clause have signed.
    """

    name: ClassVar[str] = "restore-clauses"
    event: ClassVar[str] = "agreement:clause:restored"
    derives: ClassVar[bool] = True
    told: ClassVar[Told | None] = "clause"
    change_id: UUID
    says: tuple[Clause, ...]
    by: Amendment | None = None

    def check(self, session: Session, agreement: Agreement, asker: Asker) -> None:
        """See ``Act``: both sides of what comes back are parties, and its scope is still in its grantor's part."""
        moves = self.moves(session, agreement)
        if not moves.back and not moves.closed:
            raise Conflict(_ALREADY)
        for one in moves.back:
            _require_sense(session, agreement, one)
        wider = self._wider(session, agreement)
        for one in (*moves.back, *moves.closed):
            owned = covers_all(session, asker.part(WRITE), [one.grantor_id])
            if not (owned if one in wider else side_of(session, asker, one) is not None):
                raise Denied(NOT_YOURS)
        if self.by is None:
            require_unsigned(session, agreement, *moves.back, *moves.closed)

    def moves(self, session: Session, agreement: Agreement) -> ClauseMoves:
        """Return what it would do now; two statements."""
        standing = _standing(session, agreement)
        return ClauseMoves(
            [one for one in self.says if one not in standing], [one for one in standing if one not in self.says]
        )

    def opens(self, session: Session, agreement: Agreement) -> bool:
        """See ``Act``: between two who have signed, whether or not anybody gains by it today."""
        signed = {
            one.legal_entity_id
            for one in agreements.parties(session, [agreement.id]).get(agreement.id, ())
            if one.signed_on is not None
        }
        return any({one.grantor_id, one.grantee_id} <= signed for one in self._wider(session, agreement))

    def under(self, session: Session, agreement: Agreement) -> Collection[UUID]:
        """See ``Act``."""
        return agreements.whom_they_allow(session, self._wider(session, agreement))

    def deciders(self, session: Session, agreement: Agreement) -> set[UUID]:
        """See ``Act``: the grantors of what comes back besides."""
        return grantors(session, agreement.id) | {one.grantor_id for one in self.says}

    def write(self, session: Session, change: Change, agreement: Agreement) -> None:
        """See ``Act``: what came back has numbers of its own."""
        amended = None if self.by is None else amendments.add(session, change, agreement.id, self.by)
        says = [replace(one, amendment=amended) for one in self.says]
        altered = agreements.set_clauses(session, change, {agreement.id: says})
        derive(session, change, persons=agreements.whom_they_allow(session, altered), trial=True)

    def stated(self) -> dict[str, Any]:
        """See ``Act``: each clause as one that is made is kept."""
        said = [SetClause(one.grantor_id, one).stated() for one in self.says]
        return {
            "act": self.name,
            "entity_id": str(self.entity_id),
            "before": str(self.change_id),
            "clauses": said,
            "amendment": None if self.by is None else self.by.stated(),
        }

    @classmethod
    def read(cls, stated: Stated) -> Self:
        """Return it as it was kept."""
        says = tuple(SetClause.read(one).says for one in stated["clauses"])
        by = Amendment.read(stated.get("amendment"))
        return cls(UUID(stated["entity_id"]), UUID(stated["before"]), says, by)

    def _wider(self, session: Session, agreement: Agreement) -> list[Clause]:
        """What comes back and allows something that no clause allows now."""
        standing = _standing(session, agreement)
        return [one for one in self.says if not any(is_within(one, wide) for wide in standing)]


def restoring(session: Session, agreement: Agreement, change_id: UUID, asker: Asker) -> RestoreClauses:
    """Return the act by which the clauses become what they were before a change.

    Raises ``NotFound`` where the change altered no clause of the agreement, ``Conflict`` where nothing is left of what
    was allowed then, or the clauses are like that.
    """
    c = AgreementClause
    wrote = or_(c.opened_by == change_id, c.closed_by == change_id)
    if session.scalar(select(c.id).where(c.agreement_id == agreement.id, wrote).limit(1)) is None:
        raise NotFound(Problem(N_("That change altered no clause of this agreement."), N_("Open its history again.")))
    then = agreements.clauses(session, of=[agreement.id], before=change_id).get(agreement.id, {}).values()
    says = tuple(one for one in then if one.valid_to > clock.now())
    if not says:
        message = N_("Before this change the agreement allowed nothing that is not over by now.")
        raise Conflict(Problem(message, N_("End its clauses one by one, if that is what you mean.")))
    act = RestoreClauses(says[0].grantor_id, change_id, says)
    moves = act.moves(session, agreement)
    if not moves.back and not moves.closed:
        raise Conflict(_ALREADY)
    sides = (side_of(session, asker, one) for one in (*moves.back, *moves.closed))
    return replace(act, entity_id=next((one for one in sides if one is not None), act.entity_id))


def _standing(session: Session, agreement: Agreement) -> list[Clause]:
    return list(agreements.clauses(session, of=[agreement.id]).get(agreement.id, {}).values())


def _require_sense(session: Session, agreement: Agreement, says: Clause) -> None:
    for side in (says.grantor_id, says.grantee_id):
        party(session, agreement, side)
    if not lies_in(session, says):
        message = N_("A clause of then is about an organisation that does not belong to who allowed it any more.")
        raise Invalid(Problem(message, N_("Make the clause anew, about what belongs to that party now.")))
