"""Who administers what: a part's administrator sees, gives and ends nothing beyond it, and nothing without a second
person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from iam import clock
from iam.access.administration import permissions_of
from iam.access.model.assignment import AdminGrant
from iam.access.model.proposal import Proposal
from iam.delivery.outbox import Message
from iam.directory.source import Acceptance
from tests.kit.worlds.admin import Reader, World, administer, employ, person

PATH = "/admin/administrators"


@pytest.fixture
def town(world: World) -> World:
    """A town with two administrators who appoint others, and one who may decide what waits; guarded."""
    for login, permissions in (
        ("maija", ("administrators.write", "persons.read", "codes.issue", "sessions.end")),
        ("matti", ("administrators.write",)),
    ):
        person(world, login, "Mansikka")
        employ(world, login, "MANSIKKALA", "Hallintojohtaja")
        administer(world, login, "MANSIKKALA", *permissions)
    world.write(
        Acceptance(
            source_id=world.ids["hr"],
            digest="x",
            accepted_by=world.ids["paula"],
            accepted_at=clock.now(),
            run_id=world.ids["run"],
        )
    )
    return world


def days(first: int = 0, last: int = 100) -> dict[str, str]:
    today = clock.today()
    return {
        "first": (today + timedelta(days=first)).isoformat(),
        "last": (today + timedelta(days=last)).isoformat(),
    }


def appoint(reader: Reader, person_id: UUID, **fields: str) -> TestResponse:
    """Look at an appointment, and make it when it can be made."""
    path = f"{PATH}/new/{person_id}"
    shown = reader.force(path, act="look", **fields)
    if shown.status_code != 200:
        return shown
    return reader.force(path, act="do", seen=seen(shown), **fields)


def seen(page: TestResponse) -> str:
    return page.text.partition('name="seen" value="')[2].partition('"')[0]


def waiting(world: World) -> Proposal | None:
    with world.transaction() as session:
        found = session.scalars(select(Proposal).order_by(Proposal.proposed_at.desc())).first()
        session.expunge_all()
        return found


def held(world: World, login: str) -> dict[str, frozenset[UUID]]:
    with world.transaction() as session:
        return permissions_of(session, world.ids[login])


def decide(reader: Reader, found: Proposal, act: str = "accept", **fields: str) -> TestResponse:
    path = f"{PATH}/waiting/{found.id}"
    return reader.force(path, act=act, seen=seen(reader.get(path)), **fields)


def test_somebody_is_appointed_by_two_and_told_and_ended_by_two(town: World, reader: Callable[[str], Reader]) -> None:
    maija, matti, anna = reader("maija"), reader("matti"), town.ids["anna"]
    shown = maija.force(f"{PATH}/new/{anna}", act="look", permission="codes.issue", organisation="KOIVU", **days())
    assert "Give one-time codes and usernames" in shown.text
    assert "It touches what administrators may do." in shown.text
    made = appoint(maija, anna, permission="codes.issue", organisation="KOIVU", **days())
    found = waiting(town)
    assert found is not None
    assert made.location.endswith(f"{PATH}/waiting/{found.id}")
    assert held(town, "anna") == {}
    assert f'{PATH}/waiting/{found.id}">Anna Virtanen</a>' in matti.get("/admin/").text
    assert decide(maija, found).status_code == 403
    assert decide(matti, found).status_code == 303
    assert held(town, "anna") == {"codes.issue": frozenset({town.ids["KOIVU"]})}
    assert "Virtanen Anna" in maija.get(f"{PATH}?q=vir").text
    assert "Give one-time codes" in maija.get(f"{PATH}.csv").text
    assert "Administers" in maija.get(f"/admin/persons/{anna}").text
    with town.transaction() as session:
        grant = session.scalars(select(AdminGrant.id).where(AdminGrant.person_id == anna)).one()
    path = f"{PATH}/{grant}/end"
    maija.force(path, act="do", seen=seen(maija.force(path, act="look")))
    found = waiting(town)
    assert found is not None
    assert decide(matti, found).status_code == 303
    assert held(town, "anna") == {}
    with town.transaction() as session:
        told = session.scalars(select(Message.payload).where(Message.kind == "administrator-told")).all()
    assert [(one["to"], one["what"]) for one in told] == [(str(anna), "appoint"), (str(anna), "end")]
