"""Guardians of protected children, confirmed by a declaration: written, exported, ended, and refused for whom it cannot
be."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.apply import export
from iam.audit.log import AuditEvent
from iam.change import SYSTEM, begin
from iam.directory.affiliation import GuardianConfirmation, Relationship
from iam.directory.person import Identifier, Person, PersonProfile

from .conftest import Apply

LASTING: dict[str, Any] = {"valid_from": clock.LONG_AGO, "valid_to": clock.FOREVER}


@pytest.fixture(autouse=True)
def family(session: Session) -> None:
    """A protected child with a guardian, and a neighbour."""
    change = begin(session, "command", SYSTEM, "family")
    people = {}
    for name in ("huoltaja", "lapsi", "naapuri"):
        person = Person(sort_name=name)
        session.add(person)
        session.flush()
        people[name] = person.id
        session.add(
            Identifier(
                person_id=person.id, kind="learner-number", issuer="", value=name, opened_by=change.id, **LASTING
            )
        )
    session.add(PersonProfile(person_id=people["lapsi"], protected=True, opened_by=change.id, **LASTING))
    session.add(
        Relationship(
            person_id=people["huoltaja"],
            kind="guardian_of",
            other_person_id=people["lapsi"],
            opened_by=change.id,
            **LASTING,
        )
    )
    session.flush()


def declared(guardian: str = "huoltaja", child: str = "lapsi", identifier: str = "learner-number", **dates: str) -> str:
    named = [{"identifier": identifier, "value": one} for one in (guardian, child)]
    return json.dumps({"confirmed_guardians": [{"guardian": named[0], "child": named[1], **dates}]})


def standing(session: Session) -> list[GuardianConfirmation]:
    return list(session.scalars(select(GuardianConfirmation).where(GuardianConfirmation.closed_by.is_(None))))


def test_a_declared_confirmation_is_written_once_exported_and_changed(apply: Apply, session: Session) -> None:
    assert [str(one) for one in apply(declared(**{"from": "2026-08-01", "to": "2027-05-31"})).problems] == []
    assert len(standing(session)) == 1
    written = export.as_data(session)
    assert written["confirmed_guardians"] == [
        {
            "guardian": {"identifier": "learner-number", "value": "huoltaja"},
            "child": {"identifier": "learner-number", "value": "lapsi"},
            "from": date(2026, 8, 1),
            "to": date(2027, 5, 31),
        }
    ]
    assert apply(export.in_yaml(written)).applied is None
    assert apply(declared(**{"from": "2026-08-01", "to": "2026-12-31"})).counts["change"] == 1
    (row,) = standing(session)
    assert row.valid_to == clock.day_end(clock.today().replace(month=12, day=31))
    types = session.scalars(select(AuditEvent.type).where(AuditEvent.type.startswith("person:guardian"))).all()
    assert list(types) == ["person:guardian:confirmed"] * 2


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"guardian": "naapuri"}, "not known as the other's guardian"),
        ({"guardian": "eioleolemassa"}, "No source has brought this person"),
        ({"identifier": "identity-code"}, "must not hold identity codes"),
        ({"from": "2026-08-02", "to": "2026-08-01"}, "ends before it begins"),
    ],
)
def test_who_cannot_be_confirmed_is_told_and_nothing_is_written(
    apply: Apply, session: Session, stated: dict[str, str], words: str
) -> None:
    assert words in str(apply(declared(**stated)).problems[0])
    assert standing(session) == []
