"""One person: the page, why they have not a role, the proof of what they have; and what memory and disk everybody
takes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from uuid import UUID

import requests
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.country.case import Case, Found, share
from benchmarks.country.deriving import people_of
from benchmarks.country.made import Country, database_bytes
from benchmarks.country.pages import opened, reader_of
from iam.access.explanation.proof import prove
from iam.access.explanation.why_not import why_not
from iam.directory.person import Person
from tests.kit.servers.avain import Avain

TIMES, ASKED = 20, "40 ms"


def page(country: Country) -> list[Found]:
    """The tabs of a person's page."""
    with country.sessions() as session:
        person_id = people_of(session, 1, 1)[0]
    reader = reader_of(country)
    return [
        opened(country, reader, f"person page: {tab}", f"/admin/persons/{person_id}?tab={tab}", ASKED)
        for tab in ("rights", "facts")
    ]


def why(country: Country) -> list[Found]:
    """Why somebody has not a role."""
    return [_each(country, "why not", lambda session, one: why_not(session, one, "tyo:rehtori"))]


def proof(country: Country) -> list[Found]:
    """That what somebody has follows from facts and rules."""
    return [_each(country, "prove", prove)]


def sizes(country: Country) -> list[Found]:
    """What the service holds once it has answered, and what the database takes."""
    with Avain(country.server.url(), country.folder, {"IAM_WORKER__INSIDE": "false"}) as service:
        for path in ("/", "/.well-known/openid-configuration", "/oauth2/jwks", "/admin/") * TIMES:
            requests.get(service.issuer + path, timeout=30)
        resident = _resident(service.pid)
    with country.sessions() as session:
        persons = session.scalar(select(func.count()).select_from(Person)) or 1
    took = database_bytes(country)
    return [
        Found("memory of the service", "134 MiB", None, f"{resident / 1024:.0f} MiB"),
        Found("database", "3.9 KB a person", None, f"{took / persons:,.0f} bytes a person, {took / 2**30:.2f} GiB"),
    ]


def _resident(head: int) -> int:
    """The KiB that a process holds, or the largest of its children: they share what they were started with."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    rows = [[int(field) for field in line.split()] for line in listed.splitlines()]
    return max(rss for pid, parent, rss in rows if head in (pid, parent))


CASES = (
    Case("person-page", page),
    Case("why-not", why),
    Case("prove", proof),
    Case("sizes", sizes),
)


def _each(country: Country, work: str, ask: Callable[[Session, UUID], object]) -> Found:
    with country.sessions() as session:
        some = people_of(session, 1, TIMES + 1)
        ask(session, some[0])
        with country.meter.measure() as whole:
            for one in some[1:]:
                ask(session, one)
        session.rollback()
    return Found(work, ASKED, share(whole, TIMES))
