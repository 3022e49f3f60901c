"""One person: the page, why they have not a role, the proof of what they have; and what memory and disk everybody
takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.country.case import Case, Found, share
from benchmarks.country.deriving import people_of
from benchmarks.country.made import Country, database_bytes
from benchmarks.country.pages import opened, reader_of
from iam.access.explanation.proof import prove
from iam.access.explanation.why_not import why_not
from iam.directory.person import Person

TIMES = 20


def page(country: Country) -> list[Found]:
    """The tabs of a person's page."""
    with country.sessions() as session:
        person_id = people_of(session, 1, 1)[0]
    reader = reader_of(country)
    return [
        opened(country, reader, f"person page: {tab}", f"/admin/persons/{person_id}?tab={tab}")
        for tab in ("rights", "facts")
    ]


def why(country: Country) -> list[Found]:
    """Why somebody has not a role."""
    return [_each(country, "why not", lambda session, one: why_not(session, one, "tyo:rehtori"))]


def proof(country: Country) -> list[Found]:
    """That what somebody has follows from facts and rules."""
    return [_each(country, "prove", prove)]


def sizes(country: Country) -> list[Found]:
    """What the process holds, and what the database takes."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    highest = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    with country.sessions() as session:
        persons = session.scalar(select(func.count()).select_from(Person)) or 1
    took = database_bytes(country)
    return [
        Found("memory of the process", None, f"{resident / 1024:.0f} MiB, at most {highest / 1024:.0f} MiB"),
        Found("database", None, f"{took / persons:,.0f} bytes a person, {took / 2**30:.2f} GiB"),
    ]


CASES = (
    Case("person-page", "40 ms", page),
    Case("why-not", "40 ms", why),
    Case("prove", "40 ms", proof),
    Case("sizes", "134 MiB, 3.9 KB a person", sizes),
)


def _each(country: Country, work: str, ask: Callable[[Session, UUID], object]) -> Found:
    with country.sessions() as session:
        some = people_of(session, 1, TIMES + 1)
        ask(session, some[0])
        with country.meter.measure() as whole:
            for one in some[1:]:
                ask(session, one)
        session.rollback()
    return Found(work, share(whole, TIMES))
