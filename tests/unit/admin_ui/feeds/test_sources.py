"""Sources and their runs as pages: what is shown, what is masked, who gets which button, and what nobody could be sure
of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from admin_ui.feeds.matching_table import rows
from connectors import registry
from iam import clock
from iam.directory.source import Ambiguity
from iam.sources.reading.matching import read
from iam.web.joined import How, Joined, tell
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, hidden, person

FEED = {
    "message": (
        "%(organisation)s: %(ends)s of %(size)s affiliations would lose something, the limit is %(limit)s at "
        "once. Those that start were applied."
    ),
    "remedy": "Let a second administrator look at it and accept it.",
    "params": {"organisation": "Koivu fi", "ends": 3, "size": 12, "limit": 2},
}


def test_the_list_says_by_word_how_the_last_run_went_and_how_old_the_last_good_one_is(
    world: World, reader: Callable[[str], Reader]
) -> None:
    catalogue.run(world, state="failed", ago=timedelta(minutes=5))
    page = reader("paula").get("/admin/sources").text
    assert "Failed" in page
    assert "2 hours ago" in page


def test_a_run_whose_lease_is_over_is_shown_as_interrupted(world: World, reader: Callable[[str], Reader]) -> None:
    made = catalogue.run(world, state="running", ended_at=None)
    page = reader("paula").get(f"/admin/runs/{made.id}").text
    assert "Interrupted" in page
    assert 'http-equiv="refresh"' not in page


def test_a_run_under_way_loads_itself_again(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.source(world, "busy", leased_until=clock.now() + timedelta(hours=1))
    made = catalogue.run(world, "busy", state="running", ended_at=None)
    assert 'http-equiv="refresh"' in reader("paula").get(f"/admin/runs/{made.id}").text


def test_the_secrets_of_a_source_are_masked(world: World, reader: Callable[[str], Reader]) -> None:
    settings = {
        "url": "ldaps://ldap.example",
        "bind_dn": "cn=avain",
        "bind_password": "hunter2hunter2",
        "base_dn": "dc=example",
    }
    catalogue.source(world, "hakemisto", connector="ldap", settings=settings)
    page = reader("paula").get("/admin/sources/hakemisto").text
    assert "ldaps://ldap.example" in page
    assert "hunter2" not in page


def test_a_secret_of_a_connector_that_is_not_installed_is_masked_too(
    world: World, reader: Callable[[str], Reader]
) -> None:
    catalogue.source(
        world, "vanha", connector="gone", settings={"api_token": "hunter2hunter2"}, matching={"person": {}}
    )
    page = reader("paula").get("/admin/sources/vanha")
    assert page.status_code == 200
    assert "hunter2" not in page.text


def test_a_source_that_listens_to_sign_ins_has_nothing_to_run(world: World, reader: Callable[[str], Reader]) -> None:
    settings = {"connection": "tunnus", "groups": {"a-guid": "rehtorit"}}
    catalogue.source(world, "ryhmat", connector="claims", settings=settings)
    paula = reader("paula")
    page = paula.get("/admin/sources/ryhmat").text
    assert "Listens to sign-ins" in page
    assert "a-guid → rehtorit" in page
    assert "No runs yet" not in page
    for act in ("test", "dry-run", "run"):
        assert f'action="/admin/sources/ryhmat/{act}"' not in page
        assert f'action="/admin/sources/hr/{act}"' in paula.get("/admin/sources/hr").text
    assert "Listens to sign-ins" in paula.get("/admin/sources").text


@pytest.mark.parametrize("name", ["hr", "oneroster", "ldap", "sds"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_column_matching_of_every_connector_is_told_column_by_column(world: World, name: str) -> None:
    data = registry.matching(name)
    with world.app.test_request_context():
        told = {row.column for row in rows(read(data))}
    named = {column for kind in data.values() if isinstance(kind, dict) for column in _columns(kind)}
    assert named - told == set()


def _columns(part: dict[str, object]) -> set[str]:
    found = set()
    for name, value in part.items():
        if isinstance(value, dict):
            found |= _columns(value)
        elif isinstance(value, list):
            found |= {column for one in value if isinstance(one, dict) for column in _columns(one)}
        elif name in ("column", "key", "given_names", "occupation", "title"):
            found.add(str(value))
    return found


def test_who_may_only_look_gets_no_button_and_nothing_by_force(world: World, reader: Callable[[str], Reader]) -> None:
    person(world, "katri", "Katsoja")
    administer(world, "katri", "ROOT", "sources.read")
    katri = reader("katri")
    page = katri.get("/admin/sources/hr").text
    for act in ("test", "dry-run", "run", "accept"):
        assert f'action="/admin/sources/hr/{act}"' not in page
        assert katri.force(f"/admin/sources/hr/{act}").status_code == 404


def test_a_held_run_says_why_in_words_with_its_numbers(world: World, reader: Callable[[str], Reader]) -> None:
    made = catalogue.run(world, state="held", reasons=[FEED])
    page = reader("paula").get(f"/admin/runs/{made.id}").text
    assert "Koivu fi: 3 of 12 affiliations would lose something, the limit is 2 at once." in page
    assert 'action="/admin/sources/hr/accept"' in page


def test_a_run_held_long_ago_does_not_wait_any_more(world: World, reader: Callable[[str], Reader]) -> None:
    old = catalogue.run(world, state="held", ago=timedelta(days=2))
    catalogue.run(world)
    page = reader("paula").get(f"/admin/runs/{old.id}").text
    assert "Waiting for approval" not in page
    assert 'action="/admin/sources/hr/accept"' not in page


def test_the_counts_stand_beside_those_of_the_good_run_before(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.run(world, counts={"rows": 1448, "unchanged": 1448})
    made = catalogue.run(world, state="stopped", ago=timedelta(0), counts={"rows": 702}, completeness="incomplete")
    page = reader("paula").get(f"/admin/runs/{made.id}").text
    assert '<th scope="row">Rows in the data</th><td class="number">702</td><td class="number">1448</td>' in page
    assert "The data is not whole, so nothing was changed." in page


def test_an_effect_on_a_protected_person_is_not_told_and_one_on_a_stranger_without_the_name(
    world: World, reader: Callable[[str], Reader]
) -> None:
    plan = catalogue.plan(world)
    made = catalogue.run(world, plan_id=plan.id)
    world.write(
        catalogue.effect(world, plan.id, "end", world.ids["KOIVU"], person_id=world.ids["oona"]),
        catalogue.effect(world, plan.id, "start", world.ids["KUUSI"], person_id=world.ids["ville"]),
    )
    person(world, "riku", "Rajattu")
    administer(world, "riku", "ROOT", "sources.read")
    administer(world, "riku", "KOIVU", "persons.read")
    lines = reader("riku").get(f"/admin/runs/{made.id}/effects.csv").get_data(as_text=True).splitlines()[1:]
    assert [line.split(";")[:3] for line in lines] == [['""', '"Kuusi en"', '"starts"']]


def test_whose_a_record_is_is_decided_once_from_both_shown_and_recorded(
    world: World, reader: Callable[[str], Reader]
) -> None:
    (one,) = catalogue.unclear(world, world.ids["run"], range(1), "anna", "ville")
    paula, here = reader("paula"), "/admin/sources/hr/unclear"
    page = paula.get(here).text
    assert "Anna Virtanen" in page
    assert "Ville Vieras" in page
    assert "Luokanopettaja, Koivu en" in page
    token = hidden(paula.get(here), f"{here}/{one}")["csrf_token"]
    paula.post(f"{here}/{one}", here, person=str(world.ids["anna"]))
    (event,) = world.events("source:person:decided")
    assert event.subject_id == world.ids["anna"]
    assert "Nothing to decide." in paula.get(here).text
    assert paula.force(f"{here}/{one}", person=str(world.ids["ville"]), csrf_token=token).status_code == 409


def test_somebody_who_is_no_candidate_is_refused(world: World, reader: Callable[[str], Reader]) -> None:
    (one,) = catalogue.unclear(world, world.ids["run"], range(1), "anna", "ville")
    for chosen in (str(world.ids["sanna"]), "nonsense", ""):
        assert reader("paula").force(f"/admin/sources/hr/unclear/{one}", person=chosen).status_code == 422
    assert world.events("source:person:decided") == []


def test_a_candidate_outside_the_part_is_not_named_and_nothing_can_be_decided(
    world: World, reader: Callable[[str], Reader]
) -> None:
    (one,) = catalogue.unclear(world, world.ids["run"], range(1), "sanna", "ville")
    person(world, "riku", "Rajattu")
    administer(world, "riku", "ROOT", "sources.read", "sources.run")
    administer(world, "riku", "KOIVU", "persons.read")
    riku = reader("riku")
    page = riku.get("/admin/sources/hr/unclear").text
    assert "Sanna Sihteeri" in page
    assert "Ville" not in page
    assert "outside your part" in page
    assert riku.force(f"/admin/sources/hr/unclear/{one}", person=str(world.ids["sanna"])).status_code == 403
    assert world.events("source:person:decided") == []


def test_what_a_run_does_is_shown_by_organisation_with_the_size_of_the_group(
    world: World, reader: Callable[[str], Reader]
) -> None:
    plan = catalogue.plan(world)
    made = catalogue.run(world, plan_id=plan.id, state="held")
    world.write(catalogue.effect(world, plan.id, "change", world.ids["KOIVU"], loss="later", held=True))
    page = reader("paula").get(f"/admin/runs/{made.id}/effects").text
    assert "Koivu en" in page
    assert "50 %" in page, "one of two begins later"


def test_what_is_refused_says_why_and_waits_no_longer(world: World, reader: Callable[[str], Reader]) -> None:
    made = catalogue.run(world, plan_id=catalogue.plan(world).id, state="held")
    paula, here = reader("paula"), "/admin/sources/hr/refuse"
    assert "/admin/sources/hr/refuse" in paula.get(f"/admin/runs/{made.id}").text
    assert paula.force(here, reason=" ").status_code == 422
    assert paula.force(here, reason="virhe palkoissa").status_code == 303
    (event,) = world.events("source:run:refused")
    shown = paula.get(f"/admin/runs/{made.id}").text
    assert "virhe palkoissa" in shown
    assert "/admin/sources/hr/accept" not in shown
    assert event.envelope["reason"] == "virhe palkoissa"


def test_a_record_with_another_code_and_name_may_be_somebodys_whom_nobody_knows(
    world: World, reader: Callable[[str], Reader]
) -> None:
    (one,) = catalogue.unclear(world, world.ids["run"], range(1), "anna")
    with Session(world.engine) as session, session.begin():
        row = session.get_one(Ambiguity, one)
        places = [[str(world.ids["KOIVU"]), "Kokki", "employee"], [str(world.ids["KUUSI"]), None, "employee"]]
        row.reason = "number"
        row.told = {"name": "Uusi Ihminen", "evidence": "e", "born": "1990-02-01", "places": places}
        row.told |= {"beside": ["R7", "R8"]}
    paula, here = reader("paula"), "/admin/sources/hr/unclear"
    said = "The same number stands in: R7, R8."
    for words in ("Uusi Ihminen", "born 1.2.1990", "Kokki, Koivu en", "Employee, Kuusi en", said):
        assert words in paula.get(here).text
    paula.post(f"{here}/{one}", here, person="new")
    (event,) = world.events("source:person:decided")
    assert event.subject_id not in (None, world.ids["anna"])
    assert "Nothing to decide." in paula.get(here).text


def test_who_may_accept_is_not_told_to_ask_somebody_else(world: World, reader: Callable[[str], Reader]) -> None:
    made = catalogue.run(world, state="held", reasons=[FEED])
    assert FEED["remedy"] not in reader("paula").get(f"/admin/runs/{made.id}").text
    person(world, "riku", "Rajattu")
    administer(world, "riku", "ROOT", "sources.read")
    assert FEED["remedy"] in reader("riku").get(f"/admin/runs/{made.id}").text


def test_the_list_of_a_demonstration_says_what_was_joined_and_what_was_not_found(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    assert "demonstration" not in paula.get("/admin/sources").text
    runs, missing = Joined("oneroster-rest", How.RUNS), Joined("ldap", How.MISSING)
    tell(world.app, [Joined("hr", How.FILE), runs, missing])
    try:
        page = paula.get("/admin/sources").text
        failed = [Joined("ldap", How.RUNS), Joined("oneroster-rest", How.FAILED)]
        tell(world.app, failed)
        other = paula.get("/admin/sources").text
    finally:
        tell(world.app, [])
    assert "read from files" in page
    assert "a school system is played on this machine" in page
    assert "slapd is not installed" in page
    assert "a directory (OpenLDAP)" in other
    assert "did not start on this machine" in other


def test_what_was_stopped_as_a_whole_and_refused_says_by_whom_and_why(
    world: World, reader: Callable[[str], Reader]
) -> None:
    made = catalogue.run(world, state="stopped", reasons=[FEED])
    paula = reader("paula")
    assert paula.force("/admin/sources/hr/refuse", reason="katkesi kesken").status_code == 303
    shown = paula.get(f"/admin/runs/{made.id}").text
    assert "Refused by" in shown
    assert "katkesi kesken" in shown
