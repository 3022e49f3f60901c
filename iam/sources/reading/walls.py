"""Where the source that is read may state facts, and what is told of a row that goes beyond it. Pure but for ``load``.

Time in which an organisation stands nowhere counts as the time beside it: before its first place as that place, after
its last as the last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.database.bulk import analyze
from iam.directory.organisation import OrganisationClosure
from iam.directory.reach import reach
from iam.directory.source import Source
from iam.lifecycle import staged

Span = tuple[datetime, datetime]
Verdict = Literal["whole", "part", "outside"]


@dataclass(frozen=True)
class Walls:
    """``partly`` holds the organisations that the source does not always reach, with the spans in which it does; none:
    never.

    What is not in it is reached always. ``enforced`` is False for a source from before walls: rows beyond them are
    taken, and told.
    """

    partly: Mapping[UUID, tuple[Span, ...]] = field(default_factory=dict)
    keys: Mapping[UUID, str] = field(default_factory=dict)
    enforced: bool = True
    now: datetime = clock.LONG_AGO

    def judge(self, organisation_id: UUID, start: datetime, end: datetime) -> tuple[Verdict, datetime, datetime]:
        """Return how far a fact of that time may be stated there, and the time for which: where it is reached in
        several pieces, the first that is not over, else the last.
        """
        spans = self.partly.get(organisation_id)
        if spans is None:
            return "whole", start, end
        pieces = [(max(start, a), min(end, b)) for a, b in spans if a < end and b > start]
        if not pieces:
            return "outside", start, end
        first, last = next((piece for piece in pieces if piece[1] > self.now), pieces[-1])
        return "whole" if (first, last) == (start, end) else "part", first, last

    def reached_from_now(self, organisation_id: UUID) -> bool:
        """Whether the source may state facts there at some time from now on."""
        return self.judge(organisation_id, self.now, clock.FOREVER)[0] != "outside"

    def outside(self, organisation_id: UUID, column: str | None = None) -> Problem:
        """Return why a row is left out, or will be."""
        params = {"organisation": self.keys.get(organisation_id, "")}
        if self.enforced:
            return Problem(
                "This source may not state anything of %(organisation)s.",
                "Let the administrator of %(organisation)s open it to this source, or correct the code in the source.",
                field=column,
                params=params,
            )
        return Problem(
            "This source may not state anything of %(organisation)s: once this run is accepted, the row is left out.",
            (
                "Let the administrator of %(organisation)s open it to this source first, or correct the code in "
                "the source."
            ),
            field=column,
            params=params,
        )

    def part(self, organisation_id: UUID, start: datetime, end: datetime, column: str | None = None) -> Problem:
        """Return for which time only a row is taken, or will be."""
        params = {"organisation": self.keys.get(organisation_id, ""), "days": f"{_first(start)}–{_last(end)}"}
        if self.enforced:
            return Problem(
                "This was taken for %(days)s only, when this source may state facts of %(organisation)s.",
                "If it should hold for longer, let the administrator of %(organisation)s open it to this source.",
                field=column,
                params=params,
            )
        return Problem(
            (
                "Once this run is accepted, this is taken for %(days)s only, when this source may state facts of "
                "%(organisation)s."
            ),
            "If it should hold for longer, let the administrator of %(organisation)s open it to this source first.",
            field=column,
            params=params,
        )

    def stranger(self) -> Problem:
        """Return why a row that tells whose guardian or manager somebody is is left out, or will be."""
        if self.enforced:
            return Problem(
                "The child or subordinate of this row has no position where this source may state facts.",
                "Let its school or employer open itself to this source, or let the row come from their own source.",
            )
        return Problem(
            "The child or subordinate of this row has no position where this source may state facts: once "
            "this run is accepted, the"
            " row is left out.",
            "Let its school or employer open itself to this source first, or let the row come from their own source.",
        )

    def mark(self, digest: bytes) -> bytes:
        """Return the digest of a record of which a part was taken: another one as soon as the source reaches
        otherwise."""
        return hashlib.sha256(digest + self._coming).digest()[:16]

    @cached_property
    def _coming(self) -> bytes:
        told = sorted(
            (key.hex, [span for span in spans if span[1] > self.now]) for key, spans in self.partly.items() if spans
        )
        return repr(told).encode()


EVERYWHERE = Walls()


def load(session: Session, source: Source, keys: Mapping[UUID, str], now: datetime) -> Walls:
    """Return where a source may state facts: two statements."""
    r = reach(by_hand=False).c
    spans: dict[UUID, list[Span]] = {}
    for organisation_id, start, end in session.execute(
        select(r.organisation_id, r.valid_from, r.valid_to).where(r.source_id == source.id)
    ):
        spans.setdefault(organisation_id, []).append((start, end))
    c = OrganisationClosure
    stands = (
        select(c.descendant_id, func.min(c.valid_from), func.max(c.valid_to))
        .where(c.ancestor_id == c.descendant_id, c.descendant_id.in_(spans))
        .group_by(c.descendant_id)
    )
    partly: dict[UUID, tuple[Span, ...]] = {one: () for one in keys if one not in spans}
    for organisation_id, first, last in session.execute(stands):
        reached = joined(
            (clock.LONG_AGO if start <= first else start, clock.FOREVER if end >= last else end)
            for start, end in spans[organisation_id]
        )
        if reached != ((clock.LONG_AGO, clock.FOREVER),):
            partly[organisation_id] = reached
    return Walls(partly, keys, source.walled, now)


def stage(session: Session, walls: Walls) -> None:
    """Fill ``st_reach``."""
    always = ((clock.LONG_AGO, clock.FOREVER),)
    rows = [
        {"organisation_id": organisation_id, "valid_from": start, "valid_to": end}
        for organisation_id in walls.keys
        for start, end in walls.partly.get(organisation_id, always)
    ]
    if walls.partly and rows:
        session.execute(insert(staged.reach), rows)
        analyze(session, staged.reach)
    elif not walls.partly:
        open_everything(session)


def open_everything(session: Session) -> None:
    """Let ``st_reach`` say that the source may state facts everywhere."""
    whole = {"organisation_id": None, "valid_from": clock.LONG_AGO, "valid_to": clock.FOREVER}
    session.execute(insert(staged.reach), [whole])


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans in order, those that touch or overlap made one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return tuple(found)


def _first(instant: datetime) -> str:
    return _day(instant) if instant > clock.LONG_AGO else ""


def _last(instant: datetime) -> str:
    return _day(instant - timedelta(microseconds=1)) if instant < clock.FOREVER else ""


def _day(instant: datetime) -> str:
    return instant.astimezone(ZoneInfo(clock.HELSINKI)).date().isoformat()
