"""Acts for a thousand people at once: what giving, lengthening and ending a right by hand would do to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.country import seed
from benchmarks.country.case import Case, Found
from benchmarks.country.made import FIRST, Country
from benchmarks.country.town import name
from iam import clock
from iam.access.asker import OPERATOR
from iam.bulk import plan
from iam.bulk.acts import registry
from iam.bulk.acts.act import BulkAsker
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.settings import Settings

PEOPLE, ASKED, ROLE = 1000, "2 s", "tyo:koulusihteeri"


def rights(country: Country) -> list[Found]:
    """Look at each act, and do it so that the next has something to work on; nothing is kept."""
    settings = Settings(issuer="http://localhost:8080")
    both = [
        BulkAsker(OPERATOR, one, country.vault, clock.HELSINKI, settings) for one in seed.operators(country.sessions)
    ]
    with country.sessions() as session:
        place_id, some = _people(session)
        found = [
            _act(country, session, both, one, place_id, some, months)
            for one, months in (("give-right", 2), ("lengthen-right", 4), ("end-right", 4))
        ]
        session.rollback()
    return found


def _act(
    country: Country,
    session: Session,
    both: Sequence[BulkAsker],
    key: str,
    place_id: UUID,
    some: Sequence[UUID],
    months: int,
) -> Found:
    who, second = both
    until = (clock.today() + timedelta(days=30 * months)).isoformat()
    said = {"role": ROLE, "scope": str(place_id), "organisation": str(place_id), "until": until, "reason": "mittaus"}
    act = registry.read(session, who, key, said)
    with country.meter.measure() as measure:
        seen = plan.preview(session, act, some, who, OPERATOR.part("persons.read"))
    digest = seen.preview.effects.digest
    waits = plan.do(session, act, some, who, lambda shown: shown == digest).waits
    if waits is not None and not plan.accept(session, waits, lambda _: True, second):
        raise SystemExit(f"{key} was not accepted.")
    told = f"{len(seen.people.done)} people, {len(seen.preview.effects.rows)} rights"
    return Found(f"effects of {key} for {PEOPLE}", ASKED, measure, told)


def _people(session: Session) -> tuple[UUID, list[UUID]]:
    """The second town, and a thousand people who are there."""
    c, a = OrganisationClosure, Affiliation
    place_id = session.scalars(select(Organisation.id).where(Organisation.key == name(FIRST + 1))).one()
    here = a.organisation_id.in_(select(c.descendant_id).where(c.ancestor_id == place_id))
    now = a.closed_by.is_(None), a.valid_from <= clock.now(), a.valid_to > clock.now() + timedelta(days=150)
    people = select(a.person_id).where(here, *now).order_by(a.person_id).distinct().limit(PEOPLE)
    return place_id, list(session.scalars(people))


CASES = (Case("bulk", rights),)
