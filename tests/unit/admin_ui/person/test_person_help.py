"""Helping somebody who is also elsewhere: a secretary takes nobody over, and still gets a teacher of theirs in
(AC-04)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.access.right import capacities
from iam.directory.affiliation import Relationship
from iam.signin.accounts import reset_standing as standing
from iam.signin.accounts.standing_request import StandingRequest
from iam.signin.addresses import change as addresses
from iam.signin.addresses.address import SignInAddress
from iam.signin.factors import recovery
from iam.web import extension
from tests.kit.worlds.admin import ISSUER, SECRETARY, Reader, World, administer, employ, hidden, person
from tests.unit.admin_ui.person.test_person_signin import CODE, left, with_factors

NEW = "vihreä kuusi humisee yöllä"


@pytest.fixture
def kaisa(world: World) -> str:
    """The secretary of the other school, in the other town."""
    person(world, "kaisa", "Kanslisti")
    administer(world, "kaisa", "KUUSI", *SECRETARY)
    return "kaisa"


def here(world: World, login: str = "anna") -> str:
    return f"/admin/persons/{world.ids[login]}"


def tab(world: World, login: str = "anna") -> str:
    return f"{here(world, login)}?tab=signin"


def code_on(page: TestResponse) -> str:
    found = re.search(f">({CODE})</code>", page.text)
    assert found is not None, page.text
    return found[1]


class Stranger:
    """A browser of somebody who has a code in hand."""

    def __init__(self, world: World) -> None:
        self.http = world.app.test_client()

    def fill(self, page: TestResponse, **fields: str) -> TestResponse:
        data = hidden(page, "/first-code") | fields
        return self.http.post(
            "/first-code", base_url=ISSUER, data=data, headers={"Accept": "text/html", "Accept-Language": "en"}
        )

    def begin(self, login: str, code: str) -> TestResponse:
        opened = self.http.get("/first-code", base_url=ISSUER, headers={"Accept-Language": "en"})
        return self.fill(opened, login=login, code=code)

    def chooses(self, page: TestResponse) -> bool:
        """Whether a new password can be set from here on."""
        return self.fill(page, new_password=NEW, new_password_again=NEW).status_code == 303


def request(world: World) -> StandingRequest:
    with Session(world.engine) as session:
        found = session.scalars(select(StandingRequest).order_by(StandingRequest.id.desc())).first()
        assert found is not None
        return found


def test_a_school_secretary_cannot_take_over_a_teacher_who_also_works_elsewhere(
    world: World, reader: Callable[[str], Reader]
) -> None:
    sanna = reader("sanna")
    page = sanna.get(tab(world)).text
    assert "What you administer does not hold all of this person" in page
    assert "Kuusi" not in page
    assert sanna.force(f"{here(world)}/sign-in-code").status_code == 403
    assert sanna.force(f"{here(world)}/sign-in-code", together="yes").status_code == 403, "she has nothing of her own"
    assert world.events("signin:code:issued") == []
    assert sanna.post(f"{here(world, 'oona')}/sign-in-code", tab(world, "oona")).status_code == 200


@pytest.fixture
def own(world: World) -> list[str]:
    """The recovery codes of the teacher, who has time codes too."""
    person_id, vault = with_factors(world, "anna"), extension.parts_of(world.app).vault
    with Session(world.engine) as session, session.begin():
        return recovery.renew(session, vault, person_id)


def test_with_the_teachers_own_factor_the_schools_code_works_and_without_it_not(
    world: World, reader: Callable[[str], Reader], own: list[str]
) -> None:
    code = code_on(reader("sanna").post(f"{here(world)}/sign-in-code", tab(world)))
    assert [event.envelope for event in world.events("signin:code:issued")] == [{"together": True}]
    somebody = Stranger(world)
    asked = somebody.begin("anna", code)
    assert "something that only you have" in asked.text
    assert somebody.chooses(asked) is False, "the handle is not for a password yet"
    assert somebody.begin("anna", code).status_code == 422, "a code is used once"
    code = code_on(reader("sanna").post(f"{here(world)}/sign-in-code", tab(world)))
    asked = somebody.begin("anna", code)
    wrong = somebody.fill(asked, proof="22222-22222")
    assert (wrong.status_code, somebody.chooses(wrong)) == (422, False)
    code = code_on(reader("sanna").post(f"{here(world)}/sign-in-code", tab(world)))
    wrong = somebody.fill(somebody.begin("anna", code), proof="22222-22222")
    right = somebody.fill(wrong, proof=own[0].lower())
    assert "Choose a new password" in right.text
    assert somebody.chooses(right)
    assert len(world.events("signin:code:used")) == 1


def test_two_administrators_whose_parts_together_hold_all_press_and_the_code_works_alone(
    world: World, reader: Callable[[str], Reader], kaisa: str
) -> None:
    sanna, other = reader("sanna"), reader(kaisa)
    refused = sanna.post(f"{here(world)}/sign-in-code/ask", tab(world), help_reason_code=" ")
    assert (refused.status_code, 'href="#help_reason_code"' in refused.text) == (422, True)
    asked = sanna.post(f"{here(world)}/sign-in-code/ask", tab(world), help_reason_code="forgot it on holiday")
    assert asked.location == tab(world)
    assert "not enough yet" in sanna.get(tab(world)).text
    assert sanna.force(f"{here(world)}/sign-in-code").status_code == 403
    assert sanna.force(f"{here(world)}/help/{request(world).id}").status_code == 404, "nobody presses for themselves"
    listed = other.get("/admin/help-requests").text
    assert "forgot it on holiday" in listed
    assert "Anna Virtanen" in listed
    press = f"{here(world)}/help/{request(world).id}"
    assert other.post(press, "/admin/help-requests").location == "/admin/help-requests"
    assert other.force(press).status_code == 404, "once"
    given = sanna.post(f"{here(world)}/sign-in-code", tab(world))
    somebody = Stranger(world)
    assert somebody.chooses(somebody.begin("anna", code_on(given)))
    assert world.events("signin:code:issued")[0].envelope == {"request": str(request(world).id)}
    assert sanna.force(f"{here(world)}/sign-in-code").status_code == 403, "used once"
    assert "What you administer does not hold all" in sanna.get(tab(world)).text
    assert [event.actor_id for event in world.events("person:help:pressed")] == [world.ids[kaisa]]


def test_a_press_counts_for_what_its_maker_administers_when_it_is_used(
    world: World, reader: Callable[[str], Reader], kaisa: str
) -> None:
    sanna = reader("sanna")
    sanna.post(f"{here(world)}/sign-in-code/ask", tab(world), help_reason_code="forgot")
    reader(kaisa).post(f"{here(world)}/help/{request(world).id}", tab(world))
    employ(world, "anna", "RANTA", "Opettaja", number="3", valid_from=clock.now() + timedelta(days=200))
    assert sanna.force(f"{here(world)}/sign-in-code").status_code == 403, "the third school has not pressed"
    over = update(AdminGrant).values(valid_to=clock.now()).where(AdminGrant.person_id == world.ids[kaisa])
    administer(world, "sanna", "RANTA", *SECRETARY)
    with Session(world.engine) as session, session.begin():
        session.execute(over)
    assert sanna.force(f"{here(world)}/sign-in-code").status_code == 403, "who pressed administers no more"


def test_a_press_of_somebody_whose_own_access_has_ended_meanwhile_counts_for_nothing(
    world: World, reader: Callable[[str], Reader], kaisa: str
) -> None:
    sanna = reader("sanna")
    sanna.post(f"{here(world)}/sign-in-code/ask", tab(world), help_reason_code="forgot")
    reader(kaisa).post(f"{here(world)}/help/{request(world).id}", tab(world))
    reader("paula").force(f"{here(world, kaisa)}/end", end_reason="stolen")
    assert sanna.force(f"{here(world)}/sign-in-code").status_code == 403


def test_who_asks_about_a_protected_person_is_not_told_to_those_elsewhere(
    world: World, reader: Callable[[str], Reader], kaisa: str
) -> None:
    employ(world, "oona", "KUUSI", None, kind="student", number="9")
    sanna = reader("sanna")
    sanna.post(f"{here(world, 'oona')}/sign-in-code/ask", tab(world, "oona"), help_reason_code="forgot")
    listed = reader(kaisa).get("/admin/help-requests").text
    assert "Oona Oppilas" in listed
    assert "Sihteeri" not in listed
    assert "another administrator" in listed
    seen = [
        one.envelope["persons"] for one in world.events("person:list:seen") if one.envelope["page"] == "help_requests"
    ]
    assert [str(world.ids["oona"]) in shown for shown in seen] == [True]


def test_an_old_request_is_forgotten_with_its_presses(
    world: World, reader: Callable[[str], Reader], kaisa: str
) -> None:
    reader("sanna").post(f"{here(world)}/sign-in-code/ask", tab(world), help_reason_code="forgot")
    reader(kaisa).post(f"{here(world)}/help/{request(world).id}", tab(world))
    with Session(world.engine) as session, session.begin():
        assert standing.tidy(session) == 0
        session.execute(update(StandingRequest).values(expires_at=clock.now() - timedelta(days=91)))
        assert standing.tidy(session) == 1
        assert session.scalars(select(StandingRequest)).all() == []


def test_a_request_runs_out(world: World, reader: Callable[[str], Reader], kaisa: str) -> None:
    sanna = reader("sanna")
    sanna.post(f"{here(world)}/sign-in-code/ask", tab(world), help_reason_code="forgot")
    reader(kaisa).post(f"{here(world)}/help/{request(world).id}", tab(world))
    with Session(world.engine) as session, session.begin():
        session.execute(update(StandingRequest).values(expires_at=clock.now()))
    assert sanna.force(f"{here(world)}/sign-in-code").status_code == 403
    assert "forgot" not in reader("paula").get("/admin/help-requests").text


def test_a_help_desk_of_both_towns_gives_the_code_alone_and_one_of_the_whole_agrees(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person(world, "neuvo", "Neuvonta")
    for town in ("MANSIKKALA", "MUSTIKKALA"):
        administer(world, "neuvo", town, *SECRETARY)
    given = reader("neuvo").post(f"{here(world)}/sign-in-code", tab(world))
    somebody = Stranger(world)
    assert somebody.chooses(somebody.begin("anna", code_on(given)))
    sanna = reader("sanna")
    sanna.post(f"{here(world)}/sign-in-code/ask", tab(world), help_reason_code="forgot")
    reader("neuvo").post(f"{here(world)}/help/{request(world).id}", tab(world))
    assert sanna.post(f"{here(world)}/sign-in-code", tab(world)).status_code == 200


def test_who_administers_more_is_never_helped_with_what_they_have_or_others_press(
    world: World, reader: Callable[[str], Reader], own: list[str]
) -> None:
    administer(world, "anna", "KUUSI", "persons.read")
    sanna = reader("sanna")
    assert "an administrator of more than you are" in sanna.get(tab(world)).text
    for fields in ({}, {"together": "yes"}):
        assert sanna.force(f"{here(world)}/sign-in-code", **fields).status_code == 403
    assert sanna.force(f"{here(world)}/sign-in-code/ask", help_reason_code="please").status_code == 403
    assert world.events("signin:code:issued") == []


def test_a_guardian_of_children_in_two_schools_is_helped_by_both(
    world: World, reader: Callable[[str], Reader], kaisa: str
) -> None:
    sanna = reader("sanna")
    assert sanna.post(f"{here(world, 'gitta')}/sign-in-code", tab(world, "gitta")).status_code == 200
    person(world, "kalle", "Oppilas")
    employ(world, "kalle", "KUUSI", None, kind="student")
    guards = Relationship(
        person_id=world.ids["gitta"], kind="guardian_of", other_person_id=world.ids["kalle"], **world.lasting()
    )
    world.write(guards)
    assert sanna.force(f"{here(world, 'gitta')}/sign-in-code").status_code == 403
    sanna.post(f"{here(world, 'gitta')}/sign-in-code/ask", tab(world, "gitta"), help_reason_code="forgot")
    reader(kaisa).post(f"{here(world, 'gitta')}/help/{request(world).id}", tab(world, "gitta"))
    assert sanna.post(f"{here(world, 'gitta')}/sign-in-code", tab(world, "gitta")).status_code == 200


def test_the_second_factors_are_reset_by_all_who_hold_the_person_together(
    world: World, reader: Callable[[str], Reader], kaisa: str, own: list[str]
) -> None:
    for login, school in (("sanna", "KOIVU"), (kaisa, "KUUSI")):
        administer(world, login, school, "factors.reset")
    sanna = reader("sanna")
    assert sanna.force(f"{here(world)}/factors/reset").status_code == 403
    assert left(world) == 11
    sanna.post(f"{here(world)}/factors/reset/ask", tab(world), help_reason_factors="phone in the lake")
    reader(kaisa).post(f"{here(world)}/help/{request(world).id}", tab(world))
    assert sanna.post(f"{here(world)}/factors/reset", tab(world)).location == tab(world)
    assert left(world) == 0
    assert world.events("signin:factor:reset")[0].envelope["request"] == str(request(world).id)


def test_end_now_of_one_school_leaves_the_other_alone_and_only_who_holds_that_part_lifts_it(
    world: World, reader: Callable[[str], Reader], kaisa: str
) -> None:
    for login, school in (("sanna", "KOIVU"), (kaisa, "KUUSI")):
        administer(world, login, school, "access.end")
    sanna, other, phone = reader("sanna"), reader(kaisa), Reader(world, "anna")
    sanna.post(f"{here(world)}/end", here(world), end_reason="quarrel in the staff room")
    assert places(world) == {world.ids["KUUSI"]}
    assert phone.get("/account").status_code == 200
    assert "quarrel" in sanna.get(here(world)).text
    for page in (here(world), f"{here(world)}?tab=timeline", f"{here(world)}?tab=facts"):
        assert "quarrel" not in other.get(page).text, page
    assert other.force(f"{here(world)}/restore", restore_reason="no").status_code == 403
    assert places(world) == {world.ids["KUUSI"]}
    assert sanna.post(f"{here(world)}/restore", here(world), restore_reason="peace").status_code == 303
    assert places(world) == {world.ids["KOIVU"], world.ids["KUUSI"]}


def test_what_was_ended_whole_is_given_back_by_who_stand_over_all_together(
    world: World, reader: Callable[[str], Reader], kaisa: str
) -> None:
    for login, school in (("sanna", "KOIVU"), (kaisa, "KUUSI")):
        administer(world, login, school, "access.end")
    paula, sanna = reader("paula"), reader("sanna")
    paula.post(f"{here(world)}/end", here(world), end_reason="stolen")
    assert sanna.force(f"{here(world)}/restore", restore_reason="found").status_code == 403
    sanna.post(f"{here(world)}/restore/ask", here(world), help_reason_restore="found again")
    reader(kaisa).post(f"{here(world)}/help/{request(world).id}", tab(world))
    assert sanna.post(f"{here(world)}/restore", here(world), restore_reason="found").status_code == 303
    assert places(world) == {world.ids["KOIVU"], world.ids["KUUSI"]}


def test_sessions_of_an_administrator_of_more_are_not_ended(world: World, reader: Callable[[str], Reader]) -> None:
    sanna = reader("sanna")
    administer(world, "anna", "KOIVU", "rules.write")
    assert sanna.force(f"{here(world)}/sessions/end").status_code == 303, "a stolen phone cannot wait"
    administer(world, "anna", "MANSIKKALA", "persons.read")
    phone = Reader(world, "anna")
    assert 'name="session"' not in sanna.get(tab(world)).text
    assert sanna.force(f"{here(world)}/sessions/end").status_code == 403
    assert phone.get("/account").status_code == 200


def test_the_person_reads_on_my_account_what_administrators_did(
    world: World, reader: Callable[[str], Reader], own: list[str]
) -> None:
    paula = reader("paula")
    paula.post(f"{here(world)}/sign-in-code", tab(world))
    paula.post(f"{here(world)}/factors/reset", tab(world))
    paula.post(f"{here(world)}/end", here(world), end_reason="stolen")
    paula.post(f"{here(world)}/restore", here(world), restore_reason="found")
    text = Reader(world, "anna").get("/account").text
    for said in (
        "A one-time code was given for your account",
        "Your second factors were removed",
        "Your access was ended",
        "Your access was given back",
    ):
        assert said in text, said
    assert "A one-time code was given" not in Reader(world, "ville").get("/account").text


def places(world: World) -> set[UUID | None]:
    """Where the teacher can act."""
    with Session(world.engine) as session:
        return {one.organisation_id for one in capacities(session, world.ids["anna"], clock.now())}


def new_address(world: World, login: str) -> None:
    """Say that another address was told of somebody, and that it waits."""
    now = clock.now()
    old = SignInAddress(
        person_id=world.ids[login],
        address="old@kunta.example",
        since=now - timedelta(days=9),
        usable_from=now - timedelta(days=9),
        ended_at=now,
    )
    new = SignInAddress(
        person_id=world.ids[login], address="new@kunta.example", since=now, usable_from=now + timedelta(days=3)
    )
    world.write(old)
    world.write(new)


def address_of(world: World, login: str) -> str | None:
    with Session(world.engine) as session:
        return addresses.usable(session, world.ids[login], clock.now())


def test_a_new_address_is_confirmed_only_by_who_stands_over_all_of_the_person(
    world: World, reader: Callable[[str], Reader], kaisa: str
) -> None:
    new_address(world, "anna")
    sanna = reader("sanna")
    assert "new@kunta.example" not in sanna.get(tab(world)).text
    assert sanna.force(f"{here(world)}/address").status_code == 403
    assert address_of(world, "anna") == "old@kunta.example"
    sanna.post(f"{here(world)}/address/ask", tab(world), help_reason_address="she came with a card")
    reader(kaisa).post(f"{here(world)}/help/{request(world).id}", tab(world))
    assert sanna.post(f"{here(world)}/address", tab(world)).location == tab(world)
    assert address_of(world, "anna") == "new@kunta.example"
    assert "New e-mail address" not in sanna.get(tab(world)).text
    assert [one.actor_id for one in world.events("signin:address:confirmed")] == [world.ids["sanna"]]
