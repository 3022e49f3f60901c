"""What a grant stands on when the access in a part was ended: nothing there, and all of it elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from iam import clock
from iam.directory.person import HoldPart
from iam.oidc.issuing import grant_state as standing
from iam.tokens.grant import GrantRow
from tests.kit.factories import facts
from tests.kit.made import client


def grant(session: Session, person_id: UUID, capacity_id: UUID) -> UUID:
    now = clock.now()
    row = GrantRow(
        person_id=person_id,
        client_id="wilma",
        capacity_id=capacity_id,
        scope="openid",
        auth_time=now,
        acr="",
        created_at=now,
        expires_at=now + timedelta(days=1),
    )
    session.add(row)
    session.flush()
    return row.id


def hold_over(session: Session, person_id: UUID, organisation_id: UUID) -> None:
    held = facts.hold(session, person_id)
    held.whole = False
    session.add(HoldPart(hold_id=held.fact_id, organisation_id=organisation_id))
    session.flush()


def test_a_grant_of_a_position_that_was_ended_over_a_part_stands_on_no_capacity(session: Session, frozen: Any) -> None:
    town, other = (
        facts.organisation(session, "kunta", "municipality"),
        facts.organisation(session, "muu", "municipality"),
    )
    aino, child = facts.person(session), facts.person(session)
    here = facts.affiliation(session, aino, facts.organisation(session, "koulu", under=town))
    there = facts.affiliation(session, aino, other)
    facts.affiliation(session, child, facts.organisation(session, "toinen", under=town), kind="student")
    ward = facts.relationship(session, aino, child)
    grants = [grant(session, aino, one.fact_id) for one in (here, ward, there)]

    relying = client()

    def stands() -> list[bool]:
        found = [standing.read(session, one, relying, clock.now()) for one in grants]
        return [one is not None and one.capacity is not None for one in found]

    assert stands() == [True, True, True]
    hold_over(session, aino, town)
    assert stands() == [False, False, True]
