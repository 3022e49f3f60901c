"""What was done on an agreement, read by who may read the agreement: what, when and by whom, newest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access import asker
from iam.access.agreement_acts.act import Act
from iam.access.agreement_acts.clause import EndClause
from iam.access.agreement_acts.notice import GiveNotice
from iam.access.agreement_acts.sign import Sign
from iam.access.agreement_acts.suspension import Lift, Suspend
from iam.access.model.agreement import Agreement, AgreementClause
from iam.access.model.amendments import Amendment
from iam.change import Actor
from iam.plans import agreement_proposals
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, hidden, person
from tests.unit.admin_ui.agreements.sides import in_use
from tests.unit.admin_ui.test_catalogue_pages import told

PAGE = "/admin/agreements/sopimus/history"


def done(world: World, who: str, act: Act) -> None:
    """Something that somebody does on the agreement."""
    person_id: UUID = world.ids[who]
    with Session(world.engine) as session, session.begin():
        found, agreement = asker.asker_of(session, person_id), session.get_one(Agreement, world.ids["sopimus"])
        assert agreement_proposals.do(session, agreement, act, found, Actor(person_id)) == ()


def test_each_act_is_told_with_its_day_and_who_did_it(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.agreement(world, "sopimus", signed=False)
    for login in ("aili", "bertta"):
        person(world, login, login.title())
        administer(world, login, "MANSIKKALA", "agreements.read", "agreements.write", "agreements.sign")
    city, last = world.ids["MANSIKKALA"], clock.today() + timedelta(days=40)
    done(world, "aili", Sign(city, date(2026, 1, 2), "sivistysjohtaja"))
    done(world, "aili", Suspend(city, "epäily"))
    done(world, "bertta", Lift(city))
    done(world, "bertta", EndClause(city, 1, clock.today() + timedelta(days=20), Amendment(delegation="§ 4")))
    done(world, "aili", GiveNotice(city, last))
    aili = reader("aili")
    page, file = told(aili.get(PAGE).text), aili.get(f"{PAGE}.csv").text
    day = f"{last.day}.{last.month}.{last.year}"
    for who, words in (
        ("Aili", f"Mansikkala en gave notice. Its last day is {day}."),
        ("Bertta", "Clause 2 took the place of clause 1."),
        ("Bertta", "The suspension was lifted."),
        ("Aili", "Mansikkala en suspended it at once: epäily"),
        ("Aili", "Mansikkala en signed on 2.1.2026."),
    ):
        assert any(who in line and words in line for line in file.splitlines()), words
        assert words in page
    assert page.index("gave notice") < page.index("suspended it at once") < page.index("signed on")


def _ended(world: World) -> str:
    """End the only clause of an agreement, in an installation in use; return where what was before is restored."""
    catalogue.agreement(world, "sopimus")
    catalogue.comes_under(world, "sopimus", "ville", world.ids["KUUSI"])
    in_use(world)
    done(world, "kerttu", EndClause(world.ids["MUSTIKKALA"], 1, clock.today(), Amendment(delegation="§ 4")))
    with Session(world.engine) as session:
        change_id = session.scalars(select(AgreementClause.closed_by).where(AgreementClause.n == 1)).one()
    return f"{PAGE}/{change_id}/restore"


def test_clauses_are_restored_from_the_history_with_the_effect_first_and_accepted_by_a_second_person(
    world: World, reader: Callable[[str], Reader]
) -> None:
    restore = _ended(world)
    aili, bertta = reader("aili"), reader("bertta")
    assert f'href="{restore}"' in aili.get(PAGE).text
    page = told(aili.get(restore).text)
    assert "Signatures, notices and suspensions are not restored." in page
    assert "Comes back Mansikkala en → Mustikkala en" in page
    assert "psykologi: nimi: reading" in page
    bare = aili.post(restore, restore, act="look")
    assert "what is changed now amends the agreement" in told(bare.text)
    seen = hidden(aili.post(restore, restore, act="look", delegation="§ 4"), restore)["seen"]
    waits = aili.post(restore, restore, act="do", seen=seen, delegation="§ 4")
    assert waits.location == "/admin/agreements/sopimus/proposal"
    shown = told(bertta.get(waits.location).text)
    assert "Restore clauses" in shown
    assert "psykologi: nimi: reading" in shown
    assert bertta.post(waits.location, waits.location, act="accept").location == "/admin/agreements/sopimus"
    assert "The clauses are again as they were." in told(bertta.get("/admin/agreements/sopimus").text)
    assert "The clauses are like this already." in told(aili.get(restore).text)


def test_nothing_is_restored_unseen_nor_by_the_side_that_is_only_allowed_something(
    world: World, reader: Callable[[str], Reader]
) -> None:
    restore = _ended(world)
    assert reader("aili").post(restore, restore, act="do", seen="x", delegation="§ 4").status_code == 200
    assert reader("kerttu").post(restore, restore, act="look", delegation="§ 4").status_code == 403
    assert world.events("agreement:clause:restored") == []


def test_the_change_that_made_the_first_clauses_offers_nothing_to_restore(
    world: World, reader: Callable[[str], Reader]
) -> None:
    restore, made = _ended(world), f"{PAGE}/{world.ids['change']}/restore"
    page = reader("aili").get(PAGE).text
    assert restore in page
    assert made not in page
    assert "allowed nothing that is not over" in told(reader("aili").get(made).text)
    assert reader("aili").force(made, act="do").status_code == 409
    assert reader("aili").get(f"{PAGE}/{world.ids['aili']}/restore").status_code == 404


def test_who_only_reads_the_agreement_is_offered_no_restoring(world: World, reader: Callable[[str], Reader]) -> None:
    restore = _ended(world)
    person(world, "lukija", "Lukija")
    administer(world, "lukija", "MANSIKKALA", "agreements.read")
    assert "restore" not in reader("lukija").get(PAGE).text
    assert reader("lukija").get(restore).status_code == 404


def test_an_agreement_of_others_has_no_history_here(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.agreement(world, "sopimus")
    person(world, "muu", "Muu")
    administer(world, "muu", "KUUSI", "agreements.read")
    administer(world, "muu", "MUSTIKKALA", "persons.read")
    other = reader("muu")
    assert {other.get(path).status_code for path in (PAGE, f"{PAGE}.csv")} == {other.get(PAGE[:-8]).status_code}
