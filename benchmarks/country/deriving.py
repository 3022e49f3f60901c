"""Rights worked out of facts and rules: of one person, of a town in a fresh process, and of everybody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from benchmarks.country import town
from benchmarks.country.case import Case, Found, share
from benchmarks.country.made import Country
from benchmarks.country.rules import add
from benchmarks.meter import Measure, Meter
from iam.access.derivation.derive import derive
from iam.access.model.rule import published
from iam.change import SYSTEM, begin
from iam.database.engine import make_engine
from iam.directory.source import Record, Source

MORE = {0: "15 ms", 500: "20 ms", 3000: "25 ms"}
"""So many rules of towns beside the 26 that hold for everybody, and what is asked of one person's rights by them."""
TIMES = 20


def one_person(country: Country) -> list[Found]:
    """One person by few and by many rules; nothing changes."""
    return [_one_person(country, more) for more in MORE]


def _one_person(country: Country, more: int) -> Found:
    with country.sessions() as session:
        rules = len(published(session)) + add(session, more, country.towns)
        some = people_of(session, 1, TIMES + 1)
        change = begin(session, "command", SYSTEM, "bench")
        derive(session, change, persons=some[:1])
        with country.meter.measure() as whole:
            for person_id in some[1:]:
                derive(session, change, persons=[person_id])
        session.rollback()
    return Found(f"derive one person, {rules} rules", MORE[more], share(whole, TIMES))


def a_town(country: Country) -> list[Found]:
    """A town's people by many rules, in a process that has seen none of them."""
    order = [sys.executable, "-m", "benchmarks.country.deriving", country.server.url(), str(country.server.pid)]
    done = subprocess.run(
        [*order, str(max(MORE)), str(country.towns)], check=False, capture_output=True, text=True, env=dict(os.environ)
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    told = json.loads(done.stdout)
    work = f"derive {told['persons']} persons, {told['rules']} rules, fresh process"
    return [Found(work, "2 + 2 s", Measure(*told["measure"]), told["done"])]


def everybody(country: Country) -> list[Found]:
    """Everybody by the rules that are there: nothing changes, and all rights written."""
    found = []
    with country.sessions() as session:
        change = begin(session, "command", SYSTEM, "bench")
        with country.meter.measure() as nothing:
            done = derive(session, change)
        session.rollback()
    found.append(Found("derive everybody: nothing changes", "40 s", nothing, str(done)))
    with country.sessions() as session:
        session.execute(text("TRUNCATE assignment"))
        change = begin(session, "command", SYSTEM, "bench")
        with country.meter.measure() as all_:
            done = derive(session, change)
        session.rollback()
    return [*found, Found("derive everybody: all rights written", "60 s", all_, str(done))]


CASES = (
    Case("person", one_person),
    Case("town", a_town),
    Case("everybody", everybody),
)


def people_of(session: Session, number: int, most: int | None = None) -> list[UUID]:
    """Return people of a town."""
    source = select(Source.id).where(Source.key == town.source_of(number)).scalar_subquery()
    query = select(Record.person_id).where(Record.source_id == source).order_by(Record.person_id).distinct()
    return [one for one in session.scalars(query.limit(most)) if one is not None]


def _fresh(url: str, postmaster: int, more: int, towns: int) -> None:
    """Derive a town's people, and print how long it took."""
    with Session(make_engine(url)) as session:
        rules = len(published(session)) + add(session, more, towns)
        session.expunge_all()
        some = people_of(session, 1)
        change = begin(session, "command", SYSTEM, "bench")
        with Meter(postmaster).measure() as whole:
            done = derive(session, change, persons=some)
        session.rollback()
    measure = (whole.wall, whole.own, whole.database)
    print(json.dumps({"persons": len(some), "rules": rules, "measure": measure, "done": str(done)}))


if __name__ == "__main__":
    _fresh(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
