"""Opening one's organisation to another owner's source on its page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.directory.source import Source, SourceOpening
from tests.kit.worlds.admin import Reader, World, administer, employ


@pytest.fixture
def secretary(world: World, reader: Callable[[str], Reader]) -> Reader:
    """Sanna decides for KOIVU; the payroll of MUSTIKKALA belongs to others."""
    world.write(
        Source(
            key="muiden-hr",
            connector="hr",
            owner_id=world.ids["MUSTIKKALA"],
            settings={},
            correlate=[],
            zone=clock.HELSINKI,
            priority=10,
            purpose="payroll",
        )
    )
    administer(world, "sanna", "KOIVU", "organisations.read", "sources.accept")
    return reader("sanna")


def page(world: World, key: str = "KOIVU") -> str:
    return f"/admin/organisations/{world.ids[key]}"


def sources(world: World, key: str = "KOIVU") -> str:
    return f"{page(world, key)}/sources"


def opened(world: World) -> list[SourceOpening]:
    with Session(world.engine) as session:
        return list(session.scalars(select(SourceOpening).where(SourceOpening.closed_by.is_(None))))


def test_a_school_opens_itself_to_another_s_payroll_and_ends_that(world: World, secretary: Reader) -> None:
    own = sources(world)
    done = secretary.post(own, own, source="muiden-hr", since="2020-08-01", until="2090-07-31")
    assert (done.status_code, done.location) == (303, own)
    (row,) = opened(world)
    assert (row.valid_from, row.valid_to) == (clock.day_start(date(2020, 8, 1)), clock.day_end(date(2090, 7, 31)))
    assert "muiden-hr" in secretary.get(page(world)).text
    listed = secretary.get(own).text
    assert "payroll" in listed
    assert "Mustikkala" in listed
    asked = f"{own}/{row.id}"
    assert f'href="{asked}"' in listed
    assert secretary.post(f"{asked}/close", asked, seen=seen(secretary, asked)).status_code == 303
    (over,) = opened(world)
    assert over.valid_to <= clock.now(), "what was stated until now was rightly stated"
    assert "muiden-hr" not in secretary.get(page(world)).text
    told = [*world.events("source:place:opened"), *world.events("source:place:closed")]
    assert [one.organisation_id for one in told] == [world.ids["KOIVU"]] * 2
    assert {one.envelope["source"] for one in told} == {"muiden-hr"}


def seen(reader: Reader, asked: str) -> str:
    """The digest of the effects that a page shows."""
    (digest,) = re.findall(r'name="seen" value="(\w+)"', reader.get(asked).text)
    return str(digest)


def test_before_it_is_ended_the_page_tells_what_the_next_run_ends_and_who_loses_a_right(
    world: World, secretary: Reader
) -> None:
    with Session(world.engine) as session:
        theirs = session.scalars(select(Source.id).where(Source.key == "muiden-hr")).one()
    employ(world, "anna", "KOIVU", "Kuraattori", number="3", source_id=theirs)
    own = sources(world)
    secretary.post(own, own, source="muiden-hr", since="2020-08-01", until="")
    asked = f"{own}/{opened(world)[0].id}"
    shown = secretary.get(asked)
    assert shown.status_code == 200
    assert re.search(r'<th scope="row">Employee</th><td class="number">1</td>', shown.text)
    assert len(opened(world)) == 1, "looking ends nothing"


def test_what_people_lose_is_looked_at_again_when_it_is_otherwise_by_then(world: World, secretary: Reader) -> None:
    own = sources(world)
    secretary.post(own, own, source="muiden-hr", since="2020-08-01", until="")
    asked = f"{own}/{opened(world)[0].id}"
    answer = secretary.post(f"{asked}/close", asked, seen="0" * 64)
    assert answer.status_code == 409
    assert "look at them again" in answer.text
    assert [one.valid_to for one in opened(world)] == [clock.FOREVER]


def test_a_source_is_chosen_among_those_that_one_may_see_and_that_do_not_speak_here_yet(
    world: World, secretary: Reader, reader: Callable[[str], Reader]
) -> None:
    offers = re.compile(r'<option value="([\w-]+)">')
    assert offers.findall(secretary.get(sources(world)).text) == []
    assert offers.findall(reader("paula").get(sources(world)).text) == ["muiden-hr"]


def test_what_is_missing_in_the_form_is_told_beside_it_and_nothing_is_opened(world: World, secretary: Reader) -> None:
    answer = secretary.post(sources(world), sources(world), source="nobody", since="", until="soon")
    assert answer.status_code == 422
    assert re.findall(r'<a href="#(\w+)">', answer.text) == ["source", "since", "until"]
    assert opened(world) == []


def test_the_same_time_is_not_opened_twice(world: World, secretary: Reader) -> None:
    own = sources(world)
    for status in (303, 409):
        answer = secretary.post(own, own, source="muiden-hr", since="2020-08-01", until="")
        assert answer.status_code == status
    assert len(opened(world)) == 1


def test_what_is_over_already_is_told_and_not_ended_again(world: World, secretary: Reader) -> None:
    own = sources(world)
    secretary.post(own, own, source="muiden-hr", since="2020-08-01", until="")
    asked = f"{own}/{opened(world)[0].id}"
    digest = seen(secretary, asked)
    secretary.post(f"{asked}/close", asked, seen=digest)
    assert secretary.get(asked).status_code == 409
    assert secretary.force(f"{asked}/close", seen=digest).status_code == 409


def test_nobody_opens_or_closes_an_organisation_outside_the_own_part(world: World, secretary: Reader) -> None:
    for place in (world.ids["RANTA"], world.ids["MANSIKKALA"], UUID(int=7)):
        answer = secretary.force(f"/admin/organisations/{place}/sources", source="muiden-hr", since="2020-08-01")
        assert answer.status_code == 404
    assert opened(world) == []
    with Session(world.engine) as session, session.begin():
        theirs = SourceOpening(
            source_id=session.scalars(select(Source.id)).first(),
            organisation_id=world.ids["KUUSI"],
            valid_from=clock.LONG_AGO,
            valid_to=clock.FOREVER,
            opened_by=UUID(int=1),
        )
        session.add(theirs)
        session.flush()
        foreign = theirs.id
    for place in ("KOIVU", "KUUSI"):
        assert secretary.force(f"{sources(world, place)}/{foreign}/close").status_code == 404
        assert secretary.get(f"{sources(world, place)}/{foreign}").status_code == 404
    assert [one.valid_to for one in opened(world)] == [clock.FOREVER]


def test_who_may_only_look_at_organisations_sees_no_sources_there(
    world: World, reader: Callable[[str], Reader]
) -> None:
    administer(world, "sanna", "KOIVU", "organisations.read")
    assert "Sources of others" not in reader("sanna").get(page(world)).text
