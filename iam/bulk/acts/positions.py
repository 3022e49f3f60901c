"""Adds the same position by hand for many people, with somebody who answers for them, or ends those that they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import null
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.audit import log
from iam.audit.log import Told
from iam.bulk.acts import act
from iam.bulk.acts.act import BulkAct, BulkAsker, Fields, SortedPeople, WrittenAct
from iam.change import Change
from iam.directory.affiliation import AFFILIATION_KINDS
from iam.errors import Invalid
from iam.lifecycle.by_hand import positions
from iam.lifecycle.persons import StatedAffiliation
from iam.signin.accounts import found as finding
from iam.texts import N_

SELF = Problem(N_("Nobody changes their own positions."), "Ask another administrator.")
SPONSOR = Problem(N_("Nobody answers for themselves."))
HAS_IT = Problem(N_("Has such a position by hand there already."))
HAS_NONE = Problem(N_("Has no such position by hand there."))
TITLE, OCCUPATION = 400, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPosition(BulkAct):
    """A position by hand, for which ``sponsor_id`` answers."""

    key = "add-position"
    permission = "persons.write"
    label = N_("Add a position by hand")
    fields = ("organisation", "kind", "occupation", "title", "first_day", "until", "sponsor", "reason")

    stated: StatedAffiliation
    sponsor_id: UUID

    @classmethod
    def read(cls, session: Session, who: BulkAsker, said: Fields) -> Self:
        """See ``BulkAct``."""
        problems: list[Problem] = []
        part = who.part(cls.permission)
        stated = _stated(session, part, who.zone, said, problems)
        sponsor_id, why = _sponsor(session, part, said, problems), act.reason(said, problems)
        if stated is not None:
            try:
                positions.check(session, part, stated)
            except Invalid as error:
                problems += error.problems
        act.refuse(problems)
        assert stated is not None
        assert sponsor_id is not None
        return cls(said=said, place_id=stated.organisation_id, reason=why, stated=stated, sponsor_id=sponsor_id)

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        rows = positions.standing_of(session, ids, self.stated.organisation_id, self.stated.kind)
        have = {row.person_id for row in rows if row.valid_to > self.stated.valid_from}
        left = {one: why for one in ids if (why := self._against(who, one, one in have)) is not None}
        return SortedPeople([one for one in ids if one not in left], left)

    def _against(self, who: BulkAsker, person_id: UUID, has_it: bool) -> Problem | None:
        if who.is_self(person_id):
            return SELF
        return SPONSOR if person_id == self.sponsor_id else HAS_IT if has_it else None

    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """See ``BulkAct``."""
        if not found.done:
            return WrittenAct()
        touched = positions.add_each(session, change, found.done, self.stated, self.sponsor_id)
        envelope = {"kind": self.stated.kind, "sponsor": str(self.sponsor_id)}
        told = [Told(one, self.place_id, envelope) for one in found.done]
        log.write_all(session, "person:position:added", who.actor, told, change_id=change.id)
        return WrittenAct(touched)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPosition(BulkAct):
    """Ends positions by hand in an organisation, of one kind or of any; ``until`` None: now."""

    key = "end-position"
    permission = "persons.write"
    label = N_("End a position by hand")
    fields = ("organisation", "kind", "until", "reason")

    kind: str
    until: datetime | None

    @classmethod
    def read(cls, session: Session, who: BulkAsker, said: Fields) -> Self:
        """See ``BulkAct``."""
        problems: list[Problem] = []
        place_id = act.place(session, who.part(cls.permission), said, "organisation", problems)
        until = act.last_day(said, who.zone, problems) if said.get("until") else None
        why = act.reason(said, problems)
        act.refuse(problems)
        return cls(said=said, place_id=place_id, reason=why, kind=said.get("kind", ""), until=until)

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        assert self.place_id is not None
        found: dict[UUID, list[Any]] = {}
        left = dict[UUID, Problem]()
        for row in positions.standing_of(session, ids, self.place_id, self.kind):
            found.setdefault(row.person_id, []).append(row)
        for one in ids:
            why = SELF if who.is_self(one) else self._against(found.get(one, []))
            if why is not None:
                left[one] = why
        done = [one for one in ids if one not in left]
        return SortedPeople(done, left, [row for one in done for row in found[one]])

    def _against(self, rows: Sequence[Any]) -> Problem | None:
        try:
            if self.until is not None:
                for row in rows:
                    positions.check_days(row.kind, row.valid_from, self.until)
        except Invalid as error:
            return error.problems[0]
        return None if rows else HAS_NONE

    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """See ``BulkAct``."""
        if not found.rows:
            return WrittenAct()
        touched = positions.end_each(session, change, found.rows, self.until or clock.now())
        envelope = {"until": self.said.get("until") or "now"}
        told = [Told(one, self.place_id, envelope) for one in found.done]
        log.write_all(session, "person:position:ended", who.actor, told, change_id=change.id)
        return WrittenAct(touched)


def _stated(session: Session, part: Part, zone: str, said: Fields, problems: list[Problem]) -> StatedAffiliation | None:
    wrong = len(problems)
    place_id, kind = act.place(session, part, said, "organisation", problems), said.get("kind", "")
    if kind not in AFFILIATION_KINDS:
        problems.append(Problem(N_("Choose the kind of the position."), field="kind"))
    start = _first_day(said, zone, problems)
    end = act.last_day(said, zone, problems) if said.get("until") else clock.FOREVER
    if len(problems) > wrong or place_id is None or end is None:
        return None
    occupation, title = act.text(said, "occupation", OCCUPATION) or None, act.text(said, "title", TITLE) or None
    return StatedAffiliation(place_id, kind, occupation, title, start, end)


def _first_day(said: Fields, zone: str, problems: list[Problem]) -> datetime:
    typed = said.get("first_day", "").strip()
    try:
        first = date.fromisoformat(typed) if typed else clock.today(zone)
    except ValueError:
        first = date.min
    if 1901 <= first.year <= 9000:
        return clock.day_start(first, zone)
    problems.append(Problem(N_("This is not a day."), N_("Choose a day."), field="first_day"))
    return clock.now()


def _sponsor(session: Session, part: Part, said: Fields, problems: list[Problem]) -> UUID | None:
    typed = act.text(said, "sponsor", 200)
    told = finding.find(session, part, [typed] if typed else [], null())
    if typed in told.ids:
        return told.ids[typed]
    sentence = N_("Several people have this number.") if told.several else N_("Nobody in your part is called so.")
    problems.append(Problem(sentence, N_("Write the username or the employee number."), field="sponsor"))
    return None
