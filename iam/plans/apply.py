"""Applying: a plan's effects become facts and rights in one transaction, and the plan remembers them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, case, cast, func, insert, literal, null, or_, select, true, update
from sqlalchemy.orm import Session

from iam.access.commands.movement import moved
from iam.access.derivation.derive import derive
from iam.access.model.assignment import Assignment
from iam.change import Change
from iam.database.bulk import copy_rows, digest_of_lines
from iam.database.types import UtcDateTime, uuid7
from iam.directory.organisation import Organisation
from iam.directory.source import Record
from iam.lifecycle import feed, staged
from iam.lifecycle.facts import profiles
from iam.lifecycle.facts.kinds import AFFILIATION
from iam.lifecycle.leave import end_leavers
from iam.plans.plan import Plan, PlanEffect
from iam.tokens.grant import GrantRow

_EFFECT = (
    "id",
    "plan_id",
    "kind",
    "held",
    "person_id",
    "organisation_id",
    "affiliation_kind",
    "role_id",
    "loss",
    "valid_from",
    "valid_to",
)


def apply_feed(session: Session, change: Change, source_id: UUID, run_id: UUID) -> None:
    """Write the staged facts that are not held, and derive the rights of those touched."""
    feed.write(session, change, source_id, run_id)
    derive(session, change, persons=staged.touched)
    end_leavers(session, GrantRow.person_id.in_(select(staged.touched.c.person_id)))


def try_out(session: Session, change: Change, plan: Plan, source_id: UUID) -> dict[str, int]:
    """Keep with the plan the rights that the staged facts would give and take, as waiting, and return how many.

    Nothing else stays: facts and rights are written and taken back.
    """
    with _trial(session, change, source_id):
        moves = {word: rights(session, plan, change, gains=word == "gain") for word in ("gain", "lose")}
    return {word: _keep(session, plan, word, rows, held=True) for word, rows in moves.items()}


def would_take(session: Session, change: Change, plan: Plan, source_id: UUID) -> list[Right]:
    """Return the rights that the staged facts would take if nothing of them were held; nothing is written."""
    with _trial(session, change, source_id, everything=True):
        return rights(session, plan, change, gains=False)


@contextmanager
def _trial(session: Session, change: Change, source_id: UUID, *, everything: bool = False) -> Iterator[None]:
    """Write what is staged, with ``everything`` what is held too, and derive; all of it is taken back at the end."""
    trial = session.begin_nested()
    if everything:
        session.execute(update(staged.effect).values(held=False))
    feed.try_out(session, change, source_id)
    derive(session, change, persons=staged.touched, trial=True)
    yield
    trial.rollback()
    session.expire_all()


def _kept() -> ColumnElement[bool]:
    """The condition that an effect is the plan's to tell: all of affiliations and descriptions, of the rest what takes
    something away."""
    fx = staged.effect.c
    return or_(fx.fact.in_((AFFILIATION.name, profiles.FACT)), fx.loss.is_not(None))


def remember(session: Session, plan: Plan) -> None:
    """Keep the staged effects as the plan's."""
    fx = staged.effect
    known = select(Organisation.id).where(Organisation.id == fx.c.organisation_id).exists()
    rows = select(
        func.uuid7(),
        literal(plan.id, PlanEffect.plan_id.type),
        fx.c.kind,
        fx.c.held,
        fx.c.person_id,
        fx.c.organisation_id,
        fx.c.label,
        null(),
        fx.c.loss,
        fx.c.valid_from,
        fx.c.valid_to,
    ).where(known, _kept())
    session.execute(insert(PlanEffect).from_select(_EFFECT, rows))


class Right(NamedTuple):
    """A right that is gained or lost: a person's role in a scope, and the time it was for."""

    person_id: UUID
    role_id: UUID
    scope_id: UUID
    valid_from: datetime
    valid_to: datetime


def remember_rights(
    session: Session, plan: Plan, change: Change, lost: Sequence[Right], waiting: Sequence[Right] = ()
) -> dict[str, int]:
    """Keep the rights that ``change`` gave and took, by person, role and scope, and return how many of each.

    A right that one assignment loses and another carries on is neither gained nor lost; one whose end has come is lost.
    Of ``waiting`` those that were not taken are kept as what the held part would take.
    """
    taken = {row[:3] for row in lost}
    held = _keep(session, plan, "lose", [row for row in waiting if row[:3] not in taken], held=True)
    counted = {"gain": _keep_gained(session, plan, change), "lose": _keep(session, plan, "lose", lost)}
    return counted | ({"held_lose": held} if waiting else {})


def rights(session: Session, plan: Plan, change: Change, *, gains: bool) -> list[Right]:
    """Return the rights that ``change`` gave, or took, each with the time for which."""
    return [Right(*row) for row in session.execute(_moved(plan, change, gains=gains))]


def _moved(plan: Plan, change: Change, *, gains: bool) -> Select[Any]:
    a = Assignment
    key = (a.person_id, a.role_id, a.scope_id)
    found = moved(change.id, plan.at, gains=gains)
    columns = (
        *key,
        func.min(found.begins, type_=UtcDateTime()).label("valid_from"),
        func.max(a.valid_to).label("valid_to"),
    )
    return found.query.with_only_columns(*columns).group_by(*key)


def _keep_gained(session: Session, plan: Plan, change: Change) -> int:
    """Keep what ``change`` gave without reading it: at a first load that is everybody's rights."""
    g = _moved(plan, change, gains=True).subquery().c
    rows = select(
        func.uuid7(),
        literal(plan.id, PlanEffect.plan_id.type),
        literal("gain"),
        literal(False),
        g.person_id,
        g.scope_id,
        null(),
        g.role_id,
        null(),
        g.valid_from,
        g.valid_to,
    )
    done = session.execute(insert(PlanEffect).from_select(_EFFECT, rows), execution_options={"preserve_rowcount": True})
    return int(getattr(done, "rowcount", 0))


def _keep(session: Session, plan: Plan, word: str, rights: Sequence[Right], *, held: bool = False) -> int:
    rows = [
        (
            uuid7(),
            plan.id,
            word,
            held,
            one.person_id,
            one.scope_id,
            None,
            one.role_id,
            None,
            one.valid_from,
            one.valid_to,
        )
        for one in rights
    ]
    return copy_rows(session, PlanEffect.__table__, _EFFECT, rows)  # type: ignore[arg-type]


def digest_of_effects(session: Session, now: datetime, *, held_only: bool = False) -> str:
    """Return the digest of the staged effects (of those held), sorted, so that the same effects give the same digest at
    another time: ids made for new persons and facts are left out, what ends ``now`` counts as just that, and a move as
    the end that is left of it once its start was applied.
    """
    fx, r = staged.effect, Record
    key = func.coalesce(staged.record.c.key, r.key, "")
    ends = case((fx.c.valid_to == literal(now, fx.c.valid_to.type), ""), else_=cast(fx.c.valid_to, String))
    kind = case((fx.c.kind == "move", "end"), else_=fx.c.kind)
    line = _line(
        fx.c.fact,
        kind,
        key,
        Organisation.key,
        func.coalesce(fx.c.label, ""),
        func.coalesce(cast(fx.c.valid_from, String), ""),
        func.coalesce(ends, ""),
        func.coalesce(cast(case((fx.c.fact == profiles.FACT, fx.c.person_id)), String), ""),
    )
    return digest_of_lines(
        session,
        select(line)
        .select_from(fx)
        .join(Organisation, Organisation.id == fx.c.organisation_id)
        .outerjoin(staged.record, staged.record.c.record_id == fx.c.record_id)
        .outerjoin(r, r.id == fx.c.record_id)
        .where(_kept(), fx.c.held if held_only else true()),
    )


def _line(*parts: Any) -> ColumnElement[str]:
    """The parts in one text, none of them NULL: rows of one column are read several times as fast."""
    line: ColumnElement[str] = parts[0]
    for part in parts[1:]:
        line = line.concat("\x1f").concat(part)
    return line


NOTHING = hashlib.sha256().hexdigest()
"""The digest of no effects."""


def basis(**parts: Any) -> dict[str, Any]:
    """Return what a plan rests on, as it is stored."""
    return {name: str(value) for name, value in sorted(parts.items())}
