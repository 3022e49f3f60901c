"""What was done on an agreement, read by who may read the agreement: what, when and by whom, newest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from iam import clock
from iam.access import asker
from iam.access.agreement_acts.act import Act
from iam.access.agreement_acts.clause import EndClause
from iam.access.agreement_acts.notice import GiveNotice
from iam.access.agreement_acts.sign import Sign
from iam.access.agreement_acts.suspension import Lift, Suspend
from iam.access.model.agreement import Agreement
from iam.access.model.amendments import Amendment
from iam.change import Actor
from iam.plans import agreement_proposals
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, person
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


def test_an_agreement_of_others_has_no_history_here(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.agreement(world, "sopimus")
    person(world, "muu", "Muu")
    administer(world, "muu", "KUUSI", "agreements.read")
    administer(world, "muu", "MUSTIKKALA", "persons.read")
    other = reader("muu")
    assert {other.get(path).status_code for path in (PAGE, f"{PAGE}.csv")} == {other.get(PAGE[:-8]).status_code}
