"""The overview: what waits, what is amiss, what is coming, for exactly the reader's part."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from iam import clock
from iam.directory.source import Ambiguity, Run, Source
from tests.kit.worlds.admin import Reader, World, administer, employ, person


def run(world: World, state: str, hours_ago: float, source_id: UUID | None = None) -> UUID:
    at = clock.now() - timedelta(hours=hours_ago)
    row = Run(
        source_id=source_id or world.ids["hr"],
        state=state,
        dry_run=False,
        started_at=at,
        ended_at=at,
        phases={},
        counts={},
        reasons=[],
    )
    world.write(row)
    return row.id


def number(text: str, title: str) -> int:
    found = re.search(rf'<span class="tile__number">(\d+)</span><span class="tile__title">{title}', text)
    assert found is not None, text
    return int(found[1])


def test_a_secretary_sees_three_large_actions_and_no_imports(world: World, reader: Callable[[str], Reader]) -> None:
    text = reader("sanna").get("/admin/").text
    for words in ("A pupil cannot sign in", "Substitutes", "Our people", "Find a person"):
        assert words in text
    assert "Waiting for you" not in text
    assert "/admin/sources" not in text
    assert "Koivu en" in text


def test_nothing_waiting_says_when_the_last_import_ended(world: World, reader: Callable[[str], Reader]) -> None:
    text = reader("paula").get("/admin/").text
    assert "Nothing waits for you." in text
    assert "Every source is up to date." in text


def test_a_held_run_and_unclear_persons_wait_with_their_number_and_age(
    world: World, reader: Callable[[str], Reader]
) -> None:
    held = run(world, "held", 1)
    for key in ("1", "2"):
        world.write(Ambiguity(source_id=world.ids["hr"], person_key=key, run_id=world.ids["run"], candidates=[]))
    text = reader("paula").get("/admin/").text
    assert number(text, "Imports that wait for approval") == 1
    assert f"/admin/runs/{held}" in text
    assert number(text, "Persons nobody could be sure of") == 2
    assert "/admin/sources/hr/unclear" in text


def test_an_accepted_run_waits_no_more(world: World, reader: Callable[[str], Reader]) -> None:
    run(world, "held", 2)
    run(world, "done", 1)
    assert "Nothing waits for you." in reader("paula").get("/admin/").text


def test_failed_stopped_and_stale_sources_are_amiss(world: World, reader: Callable[[str], Reader]) -> None:
    run(world, "failed", 1)
    stale = Source(
        key="vanha",
        connector="hr",
        owner_id=world.ids["ROOT"],
        settings={},
        correlate=[],
        zone="UTC",
        priority=1,
        purpose="x",
    )
    stopped = Source(
        key="seis",
        connector="hr",
        owner_id=world.ids["ROOT"],
        settings={},
        correlate=[],
        zone="UTC",
        priority=1,
        purpose="x",
    )
    world.write(stale, stopped)
    run(world, "done", 30, stale.id)
    run(world, "stopped", 1, stopped.id)
    text = reader("paula").get("/admin/").text
    assert "The import failed" in text
    assert "The import was stopped" in text
    assert text.count("The last good import ended") == 1
    assert "/admin/sources/vanha" in text


def test_what_is_coming_counts_nobody_outside_the_part(world: World, reader: Callable[[str], Reader]) -> None:
    soon = clock.now() + timedelta(days=3)
    for login, school in (("eka", "KOIVU"), ("toka", "KUUSI")):
        person(world, login, "Tuleva")
        employ(world, login, school, None, valid_from=soon)
    paula, sanna = reader("paula").get("/admin/").text, reader("sanna").get("/admin/").text
    assert number(paula, "Positions that start") == 2
    assert number(sanna, "Positions that start") == 1
    assert number(sanna, "Positions that end") == 0
    assert "Agreements that end" in paula
    assert "Agreements that end" not in sanna


def test_sources_of_others_do_not_show(world: World, reader: Callable[[str], Reader]) -> None:
    run(world, "held", 1)
    administer(world, "sanna", "MANSIKKALA", "sources.read")
    assert "Nothing waits for you." in reader("sanna").get("/admin/").text


def test_a_new_installation_shows_what_to_do_and_what_is_done(world: World, reader: Callable[[str], Reader]) -> None:
    text = reader("paula").get("/admin/").text
    assert "Four steps to begin with" in text
    assert '<a href="/admin/rules">The first rule: who gets which role</a>' in text
    assert '<a href="/admin/organisations">Organisations: the municipalities' not in text


def test_the_overview_takes_as_many_statements_for_many_sources_as_for_one(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    with world.counted() as few:
        paula.get("/admin/")
    with Session(world.engine) as session, session.begin():
        for n in range(30):
            session.add(
                Source(
                    key=f"s{n}",
                    connector="hr",
                    owner_id=world.ids["ROOT"],
                    settings={},
                    correlate=[],
                    zone="UTC",
                    priority=1,
                    purpose="x",
                )
            )
    with world.counted() as many:
        paula.get("/admin/")
    assert len(few) == len(many) < 20


def test_a_scheduled_source_that_was_not_read_in_time_is_amiss_and_one_read_weekly_is_not(
    world: World, reader: Callable[[str], Reader]
) -> None:
    run(world, "done", 100)
    amiss = "Look at the source"
    assert amiss in reader("paula").get("/admin/").text
    for alarm, shown in ((None, False), ("stale", True)):
        with Session(world.engine) as session, session.begin():
            source = session.get_one(Source, world.ids["hr"])
            source.schedule, source.alarm = "0 6 * * 1", alarm
        assert (amiss in reader("paula").get("/admin/").text) is shown
