"""Clients with permissions of their own on pages: given downwards only and by two, ended at once, seen with their
owner."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from iam import clock
from iam.access import client_asker
from iam.access.model.proposal import Proposal
from iam.apply.export import as_data
from tests.kit.factories import consortium
from tests.kit.worlds.admin import Reader, World

from .test_administrators import seen, town as town  # noqa: PLC0414 - a fixture

PATH, NEW, CLIENT = "/admin/programs", "/admin/new-program", "raportit"
Of = Callable[[str], Reader]


@pytest.fixture
def program(town: World) -> World:
    """The town with a client that gets tokens for itself."""
    grants = {"grants": ["client_credentials"], "redirect_uris": [], "scope": "persons.read"}
    consortium.client(town, "wilma", CLIENT, secret="x" * 40, **grants)
    return town


def fields(**changes: str) -> dict[str, str]:
    usual = {
        "client": CLIENT,
        "permission": "persons.read",
        "organisation": "KOIVU",
        "owner": "MANSIKKALA",
        "last": (clock.today() + timedelta(days=90)).isoformat(),
    }
    return usual | changes


def give(reader: Reader, **changes: str) -> TestResponse:
    """Look at it, and give it where that can be."""
    shown = reader.force(NEW, act="look", **fields(**changes))
    return shown if shown.status_code != 200 else reader.force(NEW, act="do", seen=seen(shown), **fields(**changes))


def held(world: World) -> frozenset[str]:
    with world.transaction() as session:
        return client_asker.permissions(session, CLIENT)


def test_what_a_program_may_waits_for_a_second_person_and_is_ended_at_once(program: World, reader: Of) -> None:
    maija, paula = reader("maija"), reader("paula")
    assert give(maija).status_code == 303
    assert held(program) == frozenset()
    with program.transaction() as session:
        (found,) = session.scalars(select(Proposal)).all()
    assert (found.kind, found.proposed_by) == ("apply", program.ids["maija"])
    link = "/admin/declaration"
    shown = paula.get(f"{link}?waits={found.digest[:12]}")
    accepted = paula.force(link, act="accept", seen=seen(shown), waits=found.digest[:12])
    assert accepted.status_code == 303, accepted.text
    assert held(program) == {"persons.read"}
    listed = maija.get(PATH)
    for words in (CLIENT, "See people, their facts and their rights", "Koivu en", "Mansikkala en"):
        assert words in listed.text
    with program.transaction() as session:
        (row,) = as_data(session)["client_grants"]
    assert (row["client"], row["organisation"], row["owner"]) == (CLIENT, "KOIVU", "MANSIKKALA")
    grant = listed.text.partition('name="grant" value="')[2].partition('"')[0]
    assert maija.force(PATH, grant=grant).status_code == 303
    assert held(program) == frozenset()
    assert [event.type for event in program.events("admin:program:ended")] == ["admin:program:ended"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"permission": "rights.grant"}, "do not hold themselves"),
        ({"permission": "plans.approve"}, "Choose at least one permission"),
        ({"permission": "codes.issue"}, "Choose at least one permission"),
        ({"organisation": "KUUSI"}, "No organisation has this name or key"),
        ({"owner": "ROOT"}, "No organisation has this name or key"),
        ({"client": "tuntematon"}, "Choose a program"),
        ({"last": "2020-01-01"}, "Write a later last day"),
        ({"last": "9000-01-01"}, "for longer than they hold it"),
        ({"last": "x"}, "Write a day"),
    ],
)
def test_nobody_gives_a_program_more_than_they_hold_or_what_only_people_do(
    program: World, reader: Of, changes: dict[str, str], words: str
) -> None:
    refused = give(reader("maija"), **changes)
    assert refused.status_code in (403, 422)
    assert words in refused.text
    with program.transaction() as session:
        assert session.scalars(select(Proposal)).all() == []


def test_a_program_of_another_part_is_neither_seen_nor_ended(program: World, reader: Of) -> None:
    from_paula = give(reader("paula"), organisation="KUUSI", owner="MUSTIKKALA")
    assert from_paula.status_code == 303
    maija = reader("maija")
    assert CLIENT not in maija.get(PATH).text
    assert maija.force(PATH, grant="0192f000-0000-7000-8000-000000000000").status_code == 404
