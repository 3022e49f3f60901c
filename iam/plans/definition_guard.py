"""The guard of definitions: what gives or takes much at once, or touches what is sensitive, waits for a second person
(design 4.9).

Per organisation, its people are the group: those who gain count as those who lose do, with the limits of a feed.
Nothing is held until the installation's first source run was accepted. A feed's own guard is ``guard``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.commands.effects import Effects, sensitive
from iam.change import Actor
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation
from iam.directory.queries import holds_at
from iam.directory.source import Acceptance
from iam.errors import Denied
from iam.plans import definition_plan
from iam.plans.guard import judge
from iam.texts import N_


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change names, whether or not anybody gains or loses by it today: roles, whether it speaks across legal
    entities, and whether of what programs may do by themselves."""

    roles: frozenset[UUID] = frozenset()
    across: bool = False
    programs: bool = False


def is_new(session: Session) -> bool:
    """Whether no source run was ever accepted here: an installation is set up by one, before anybody has a right to
    lose."""
    return not session.scalar(select(exists().where(Acceptance.source_id.is_not(None))))


def reasons(
    session: Session, effects: Effects, touched: Touched, proposer: Actor, kept: Collection[UUID] = ()
) -> list[Problem]:
    """Return in words why a change waits for a second person; empty when it need not.

    ``kept`` are roles that were sensitive before it. Ask ``is_new`` first.
    """
    found = []
    guarded = sensitive(session) | frozenset(kept)
    if guarded & (touched.roles | {row.role_id for row in effects.rows}):
        found.append(Problem(N_("It touches a role that nobody hands out alone.")))
    if effects.permissions:
        found.append(Problem(N_("It touches what administrators may do.")))
    if touched.programs:
        found.append(Problem(N_("It touches what programs may do by themselves.")))
    if touched.across or any(row.across for row in effects.rows):
        found.append(Problem(N_("It touches rights in another legal entity.")))
    if proposer.person_id in effects.persons(gains=True):
        found.append(Problem(N_("Whoever asked for it gains by it.")))
    return found + too_many(session, effects)


def refuse_winner(session: Session, effects: Effects, person_id: UUID | None, kept: Collection[UUID] = ()) -> None:
    """Raise ``Denied`` when a person would gain a sensitive role or a permission: neither of the two may."""
    guarded = sensitive(session) | frozenset(kept)
    rights = any(row.gains and row.person_id == person_id and row.role_id in guarded for row in effects.rows)
    if rights or any(row.gains and row.person_id == person_id for row in effects.permissions):
        raise Denied(
            Problem(
                N_("You would gain a role or a permission by this that nobody hands to themselves."),
                N_("Let two others do it."),
            )
        )


_MANY = {
    True: N_("%(organisation)s: %(count)s of %(size)s people gain something at once, the limit is %(limit)s."),
    False: N_("%(organisation)s: %(count)s of %(size)s people lose something at once, the limit is %(limit)s."),
}


_IN_SEVEN_DAYS = {
    True: N_("%(organisation)s: %(count)s people gain something, %(all)s in seven days; the limit is %(limit)s."),
    False: N_("%(organisation)s: %(count)s people lose something, %(all)s in seven days; the limit is %(limit)s."),
}


def too_many(session: Session, effects: Effects) -> list[Problem]:
    """Return in words of which organisations more people gain or lose something than go through by themselves."""
    counts = effects.counts()
    sizes, names, before = _sizes(session, counts), _names(session, counts), definition_plan.lately(session, counts)
    found = []
    for organisation_id, both in sorted(counts.items(), key=lambda item: names[item[0]]["fi"]):
        for gains, count in zip((True, False), both, strict=True):
            size, earlier = sizes.get(organisation_id, 0), before.get((organisation_id, gains), 0)
            limit, broken = judge(size, count, earlier)
            if broken is not None:
                words = _IN_SEVEN_DAYS if broken == "seven days" and earlier else _MANY
                params = {"organisation": names[organisation_id], "count": count, "size": size, "limit": limit}
                found.append(Problem(words[gains], params=params | {"all": count + earlier}))
    return found


def _sizes(session: Session, organisations: Collection[UUID]) -> dict[UUID, int]:
    a = Affiliation
    rows = session.execute(
        select(a.organisation_id, func.count(a.person_id.distinct()))
        .where(a.organisation_id.in_(organisations), a.closed_by.is_(None), holds_at(a, clock.now()))
        .group_by(a.organisation_id)
    )
    return dict(rows.all())


def _names(session: Session, organisations: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    rows = session.scalars(select(Organisation).where(Organisation.id.in_(organisations)))
    return {row.id: row.names for row in rows}
