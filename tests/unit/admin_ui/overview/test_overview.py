"""The overview: what waits, what is amiss, what is coming, for exactly the reader's part."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.access.model.role import Application
from iam.directory.source import Ambiguity, Run, Source
from iam.signin.accounts.account import Account, Credential
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
    at = [text.index(words) for words in ("Find a person", "A pupil cannot sign in", "Our people", "Substitutes")]
    assert at == sorted(at), "the search stands first"
    assert "Nothing waits for you." in text
    assert "/admin/sources" not in text
    assert "Koivu en" in text


def test_a_secretary_who_may_end_access_finds_it_first_and_who_may_not_is_not_offered_it(
    world: World, reader: Callable[[str], Reader]
) -> None:
    assert "then=end" not in reader("sanna").get("/admin/").text
    administer(world, "sanna", "KOIVU", "access.end")
    text = reader("sanna").get("/admin/").text
    assert "End somebody's access" in text
    people = reader("sanna").get("/admin/persons?then=end").text
    assert f'href="/admin/persons/{world.ids["anna"]}?act=end#end"' in people
    assert '<input type="hidden" name="then" value="end">' in people, "a search leads to the same"
    page = reader("sanna").get(f"/admin/persons/{world.ids['anna']}?act=end").text
    assert re.search(r'<div id="end">\s*<details class="disclosure" open>', page)


def test_a_secretary_learns_who_came_and_who_left_within_14_days(world: World, reader: Callable[[str], Reader]) -> None:
    now = clock.now()
    for login, days in (("uusi", -3), ("vanha", -15)):
        person(world, login, login.title())
        employ(world, login, "KOIVU", None, valid_from=now + timedelta(days=days))
    for login, days in (("poissa", -3), ("kauan", -15)):
        person(world, login, login.title())
        employ(world, login, "KOIVU", None, valid_to=now + timedelta(days=days))
    person(world, "jatkaja", "Jatkaja")
    employ(world, "jatkaja", "KOIVU", None, valid_to=now - timedelta(days=2))
    employ(world, "jatkaja", "KOIVU", None, valid_from=now - timedelta(days=2), number="2")
    person(world, "muualla", "Muualla")
    employ(world, "muualla", "KUUSI", None, valid_from=now - timedelta(days=1))
    sanna = reader("sanna")
    text = sanna.get("/admin/").text
    assert (number(text, "Came new"), number(text, "Left")) == (1, 1)
    for what, name in (("came", "Uusi"), ("went", "Poissa")):
        listed = sanna.get(f"/admin/persons?coming={what}").text
        assert re.findall(r'<a href="/admin/persons/[0-9a-f-]{36}[^"]*">(\w+)', listed) == [name]


def test_what_a_secretary_has_left_undone_is_counted(world: World, reader: Callable[[str], Reader]) -> None:
    person(world, "tunnukseton", "Tunnukseton")
    employ(world, "tunnukseton", "KOIVU", None)
    with Session(world.engine) as session, session.begin():
        session.execute(delete(Account).where(Account.person_id == world.ids["tunnukseton"]))
    assert number(reader("sanna").get("/admin/").text, "People without a username") == 1


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


def test_a_run_that_was_stopped_as_a_whole_waits_for_the_second_person_who_may_accept_it(
    world: World, reader: Callable[[str], Reader]
) -> None:
    stopped = run(world, "stopped", 1)
    assert "Imports that wait for approval" not in reader("paula").get("/admin/").text
    with Session(world.engine) as session, session.begin():
        session.get_one(Run, stopped).digest = "d" * 64
    text = reader("paula").get("/admin/").text
    assert number(text, "Imports that wait for approval") == 1
    assert f"/admin/runs/{stopped}" in text


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


def test_a_new_installation_shows_its_first_steps_each_as_a_link_and_those_that_are_done(
    world: World, reader: Callable[[str], Reader]
) -> None:
    steps = _steps(reader("paula").get("/admin/").text)
    done = {href: "done" in step for href, step in steps}
    assert len(steps) == 6
    assert done == {
        "/admin/organisations": True,
        "/admin/administrators": True,
        "/admin/sources": True,
        "/admin/applications": True,
        "/admin/rules": False,
    }
    assert "From then on rights come and go by themselves." in dict(steps)["/admin/rules"]
    assert "Register it" not in dict(steps)["/admin/applications"]
    with world.transaction() as session:
        session.execute(delete(AdminGrant).where(AdminGrant.permission != "admin"))
        session.execute(update(Application).values(retired=True))
    left = {href: "done" in step for href, step in _steps(reader("paula").get("/admin/").text)}
    assert (left["/admin/administrators"], left["/admin/applications"]) == (False, False)


def test_a_secretary_is_shown_no_first_steps(reader: Callable[[str], Reader]) -> None:
    assert 'id="steps"' not in reader("sanna").get("/admin/").text


def _steps(text: str) -> list[tuple[str, str]]:
    """The first steps of a page: where each leads, and all that it says."""
    section = text.partition('id="steps"')[2].partition("</section>")[0]
    return [(one[1], one[0]) for one in re.finditer(r'<li><a href="([^"]+)">.*?</li>', section, re.DOTALL)]


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


def test_who_looks_after_the_whole_is_told_when_soon_nobody_will(world: World, reader: Callable[[str], Reader]) -> None:
    told = "Soon nobody administers the whole"
    assert told in reader("paula").get("/admin/").text, "paula has no password, and nobody else is there"
    assert told not in reader("sanna").get("/admin/").text
    world.write(Credential(person_id=world.ids["paula"], kind="password", data={}, changed_at=clock.now()))
    assert told not in reader("paula").get("/admin/").text
    with world.transaction() as session:
        session.execute(update(AdminGrant).values(valid_to=clock.now() + timedelta(days=20)))
    assert told in reader("paula").get("/admin/").text
