"""What persons are, as one view: their affiliations, whom they guard, what keeps them out; read once for all that is
told of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import JSON, Select, String, Uuid, cast, false, literal, null, select, union_all
from sqlalchemy.orm import Session

from iam import clock
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.occupation import called, name_of
from iam.directory.organisation import Organisation
from iam.directory.pages.listing import GONE, NEAR, Visible
from iam.directory.person import Hold

Interval = tuple[datetime, datetime]


class Place(NamedTuple):
    """The names of an organisation."""

    fi: str
    sv: str
    en: str

    def name(self, language: str) -> str:
        """The name in ``language`` (fi, sv or en)."""
        return {"fi": self.fi, "sv": self.sv}.get(language, self.en)


@dataclass(frozen=True, slots=True)
class Tied:
    """An affiliation as it may be told: ``place``, ``title`` and ``names`` (of its occupation, by language) are None
    where they must not be."""

    fact_id: UUID
    kind: str
    title: str | None
    place: Place | None
    valid_from: datetime
    valid_to: datetime
    names: dict[str, str] | None = None

    def called(self, language: str) -> str | None:
        """What the position is called."""
        return called(self.names, self.title, language)


@dataclass(slots=True)
class Ties:
    """The ties of one person. ``affiliations`` are those near now that the asker may see, the present ones first;
    ``guards_until``: when the last of the present guardianships over people whom the asker may see ends, None without
    one.

    Whoever asks, ``intervals`` are the times of all affiliations and guardianships, ``held`` whether a hold lies on the
    whole person, ``has_holds`` whether any lasts or is coming, be it over a part.
    """

    affiliations: list[Tied] = field(default_factory=list)
    guards_until: datetime | None = None
    intervals: list[Interval] = field(default_factory=list)
    held: bool = False
    has_holds: bool = False


def ties(session: Session, visible: Visible, person_ids: Collection[UUID]) -> dict[UUID, Ties]:
    """Return the ties of each person as an asker may see them; one statement for all."""
    now, found = clock.now(), {person_id: Ties() for person_id in person_ids}
    if not found:
        return found
    query = union_all(_affiliated(visible, person_ids), _guarding(visible, person_ids), _held(person_ids, now))
    for row in session.execute(query):
        _add(found[row.person_id], row, now)
    for one in found.values():
        one.affiliations.sort(key=lambda tied: tied.fact_id.hex)
        one.affiliations.sort(key=lambda tied: tied.valid_to, reverse=True)
    return found


def _add(of: Ties, row: Any, now: datetime) -> None:
    if row.what == "hold":
        of.has_holds = True
        of.held |= row.visible and row.valid_from <= now
        return
    of.intervals.append((row.valid_from, row.valid_to))
    if not row.visible:
        return
    if row.what == "guardian":
        if row.valid_from <= now < row.valid_to:
            of.guards_until = max(row.valid_to, of.guards_until or row.valid_to)
    elif row.valid_from <= now + NEAR and row.valid_to > now - GONE:
        place = Place(row.name_fi, row.name_sv, row.name_en) if row.told else None
        title, names = (row.title, row.names) if row.told else (None, None)
        tied = Tied(row.fact_id, row.kind, title, place, row.valid_from, row.valid_to, names)
        of.affiliations.append(tied)


def _affiliated(visible: Visible, person_ids: Collection[UUID]) -> Select[Any]:
    a, o = Affiliation, Organisation
    sees, told = visible.covers(a.organisation_id), visible.tells(a.person_id, a.organisation_id)
    query: Any = select(
        literal("affiliation").label("what"),
        a.person_id,
        a.fact_id,
        a.kind,
        a.title,
        sees.label("visible"),
        told.label("told"),
        o.name_fi,
        o.name_sv,
        o.name_en,
        a.valid_from,
        a.valid_to,
        name_of(a.occupation).label("names"),
    )
    found: Select[Any] = query.join(o, o.id == a.organisation_id).where(
        a.person_id.in_(person_ids), a.closed_by.is_(None)
    )
    return found


def _guarding(visible: Visible, person_ids: Collection[UUID]) -> Select[Any]:
    r, nothing = Relationship, cast(null(), String)
    sees = visible.shows(r.other_person_id)
    query: Any = select(
        literal("guardian"),
        r.person_id,
        r.fact_id,
        r.kind,
        nothing,
        sees,
        false(),
        nothing,
        nothing,
        nothing,
        r.valid_from,
        r.valid_to,
        cast(null(), JSON),
    )
    found: Select[Any] = query.where(r.person_id.in_(person_ids), r.kind == "guardian_of", r.closed_by.is_(None))
    return found


def _held(person_ids: Collection[UUID], at: datetime) -> Select[Any]:
    h, nothing = Hold, cast(null(), String)
    query: Any = select(
        literal("hold"),
        h.person_id,
        cast(null(), Uuid()),
        nothing,
        nothing,
        h.whole,
        false(),
        nothing,
        nothing,
        nothing,
        h.valid_from,
        h.valid_to,
        cast(null(), JSON),
    )
    found: Select[Any] = query.where(h.person_id.in_(person_ids), h.closed_by.is_(None), h.valid_to > at)
    return found
