"""What may be done about administrators by an administrator: appointing, another end, ending; decided downwards only.

Nobody gives a permission that they do not hold themselves over the whole of that part and for all of that time, nor
anything to themselves; what they could not give they neither end nor change.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import PERMISSIONS, may_see
from iam.access.asker import Asker
from iam.access.commands import delegation
from iam.access.commands.delegation import Permit
from iam.access.model.assignment import AdminGrant
from iam.change import Change
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.directory.queries import holds_at
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.texts import N_

APPOINTS = "administrators.write"
ADMIN = "admin"
Does = Literal["appoint", "until", "end"]
NOT_YOURS = Problem(N_("There is no such administrator, or it is outside your part."))


@dataclass(frozen=True, slots=True)
class Appointment:
    """An act on what a person may in a part of the tree: ``appoint`` gives permissions from ``first`` to ``last``;
    ``until`` gives those that stand from ``since`` to ``ends`` another ``last`` day, and ``end`` ends them now."""

    does: Does
    person_id: UUID
    organisation_id: UUID
    permissions: frozenset[str]
    first: date | None = None
    last: date | None = None
    since: datetime | None = None
    ends: datetime | None = None

    def stated(self) -> dict[str, Any]:
        """Return what is kept of it while it waits, and told in its event: plain values."""
        return {
            "does": self.does,
            "person": str(self.person_id),
            "organisation": str(self.organisation_id),
            "permissions": sorted(self.permissions),
            **{name: _plain(getattr(self, name)) for name in ("first", "last", "since", "ends")},
        }

    @classmethod
    def read(cls, stated: Mapping[str, Any]) -> Self:
        """Return what ``stated`` told."""
        first, last = (stated[name] and date.fromisoformat(stated[name]) for name in ("first", "last"))
        since, ends = (stated[name] and datetime.fromisoformat(stated[name]) for name in ("since", "ends"))
        person_id, organisation_id = UUID(stated["person"]), UUID(stated["organisation"])
        permissions = frozenset(stated["permissions"])
        return cls(stated["does"], person_id, organisation_id, permissions, first, last, since, ends)

    @property
    def gives(self) -> bool:
        """Whether somebody may something for longer by it than before."""
        if self.does == "until" and self.last is not None and self.ends is not None:
            return clock.day_end(self.last) > self.ends
        return self.does == "appoint"


def may_give(session: Session, asker: Asker, organisation_id: UUID) -> dict[str, datetime]:
    """Return which permissions an asker holds over the whole of an organisation's part, each with until when; one
    statement. Who holds ``admin`` holds them all."""
    if asker.is_operator:
        return dict.fromkeys(PERMISSIONS, clock.FOREVER)
    g, c, now = AdminGrant, OrganisationClosure, clock.now()
    query = select(g.permission, g.organisation_id, g.valid_to).join(c, c.ancestor_id == g.organisation_id)
    over = (c.descendant_id == organisation_id, holds_at(c, now))
    found: dict[str, datetime] = {}
    for permission, place, end in session.execute(
        query.where(g.person_id == asker.person_id, g.closed_by.is_(None), holds_at(g, now), *over)
    ):
        if place in asker.held.get(permission, ()):
            found[permission] = max(end, found.get(permission, end))
    everything = found.get(ADMIN)
    if everything is None:
        return found
    return {name: max(everything, found.get(name, everything)) for name in PERMISSIONS}


def check(session: Session, act: Appointment, asker: Asker) -> None:
    """Raise ``NotFound`` for what lies outside the asker's part, ``Denied`` for what the asker may not give, and
    ``Invalid`` for days that make no sense."""
    own = may_give(session, asker, act.organisation_id)
    if APPOINTS not in own or not _is_here(session, act, asker):
        raise NotFound(NOT_YOURS)
    if not act.permissions or not act.permissions <= PERMISSIONS.keys():
        raise Invalid(
            Problem(N_("It is not said what they may do."), N_("Choose a role or permissions."), field="role")
        )
    if not act.permissions <= own.keys():
        message = N_("Nobody gives, changes or ends what they do not hold themselves over the whole of that part.")
        raise Denied(Problem(message, N_("Choose less, or ask who holds it."), field="role"))
    if act.gives and act.person_id == asker.person_id:
        raise Denied(Problem(N_("Nobody appoints themselves."), N_("Ask another administrator."), field="person"))
    if act.does != "end":
        _check_days(act, min(own[name] for name in act.permissions))


def _is_here(session: Session, act: Appointment, asker: Asker) -> bool:
    """Somebody is appointed whom the asker finds in the part; who is one already is there by that."""
    return act.does != "appoint" or may_see(session, asker.part(APPOINTS), act.person_id)


def _check_days(act: Appointment, longest: datetime) -> None:
    first = act.first or clock.today()
    if act.last is None:
        raise Invalid(Problem(N_("Write a day."), field="last"))
    if act.last < max(first, clock.today()):
        message = N_("The last day is over, or before the first.")
        raise Invalid(Problem(message, N_("Write a later last day."), field="last"))
    if act.gives and clock.day_end(act.last) > longest:
        message = N_("Nobody gives anything for longer than they hold it themselves: until %(day)s.")
        raise Denied(
            Problem(
                message, N_("Write an earlier last day."), field="last", params={"day": _day(clock.last_day(longest))}
            )
        )


def write(session: Session, change: Change, act: Appointment) -> None:
    """Write an act under a change; raises ``Conflict`` where what it speaks of does not stand so any more."""
    holder = (act.person_id, act.organisation_id)
    standing = list(delegation.grants(session, [act.person_id]).get(holder, {}).values())
    delegation.set_grants(session, change, {holder: after(act, standing, clock.now())})


def after(act: Appointment, standing: Collection[Permit], now: datetime) -> list[Permit]:
    """Return what somebody may once an act is done, of what stands; pure. Raises ``Conflict``."""
    if act.does == "appoint":
        assert act.first is not None
        assert act.last is not None
        start, end = max(clock.day_start(act.first), now), clock.day_end(act.last)
        return _with(standing, [(name, start, end) for name in sorted(act.permissions)])
    meant = {(name, act.since, act.ends) for name in act.permissions}
    if not meant <= set(standing):
        raise Conflict(Problem(N_("It was changed meanwhile."), N_("Open the page again.")))
    others = [one for one in standing if one not in meant]
    if act.does == "end":
        return others
    assert act.last is not None
    end = clock.day_end(act.last)
    altered = [(name, start, end) for name, start, _ in standing if (name, start, _) in meant]
    if any(start >= end for _, start, _ in altered):
        message = N_("The last day is over, or before the first.")
        raise Invalid(Problem(message, N_("Write a later last day."), field="last"))
    return _with(others, altered)


def _with(standing: Collection[Permit], more: Collection[Permit]) -> list[Permit]:
    """What stands with more of it: times of one permission that meet are one."""
    found = list(standing)
    for name, start, end in more:
        meeting = [one for one in found if one[0] == name and one[1] <= end and one[2] >= start]
        found = [one for one in found if one not in meeting]
        found.append((name, min([start, *(one[1] for one in meeting)]), max([end, *(one[2] for one in meeting)])))
    return found


def standing_as(session: Session, grant_id: UUID) -> Appointment:
    """Return the act that ends what was given together with a grant; raises ``NotFound`` where it is over."""
    row = session.get(AdminGrant, grant_id)
    if row is None or row.closed_by is not None or row.valid_to <= clock.now():
        raise NotFound(NOT_YOURS)
    held = delegation.grants(session, [row.person_id]).get((row.person_id, row.organisation_id), {}).values()
    names = frozenset(name for name, start, end in held if (start, end) == (row.valid_from, row.valid_to))
    return Appointment("end", row.person_id, row.organisation_id, names, since=row.valid_from, ends=row.valid_to)


def lengthened(act: Appointment, last: date) -> Appointment:
    """Return the act that gives what stands another last day."""
    return replace(act, does="until", last=last)


def afterwards(session: Session, act: Appointment) -> dict[UUID, set[str]]:
    """Return all that the person may once the act is done, by organisation: what holds then or will; one statement."""
    now, found = clock.now(), dict[UUID, set[str]]()
    held = delegation.grants(session, [act.person_id])
    key = (act.person_id, act.organisation_id)
    permits = {place: list(one.values()) for (_, place), one in held.items()}
    permits[act.organisation_id] = after(act, list(held.get(key, {}).values()), now)
    for place, rows in permits.items():
        for name, _, end in rows:
            if end > now:
                found.setdefault(place, set()).add(name)
    return found


def key_of(session: Session, act: Appointment, login: str) -> str:
    """Return under which key an act waits: one about a person in a part at a time."""
    return f"{login} in {session.get_one(Organisation, act.organisation_id).key}"


def _plain(value: date | datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _day(value: date) -> str:
    return f"{value.day}.{value.month}.{value.year}"
