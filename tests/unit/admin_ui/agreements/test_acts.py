"""Signing, giving notice, suspending and lifting on the pages: the effect is seen before it is done, and a second person
of whoever allows it decides what it gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam import clock
from tests.kit.held import roles_of
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, hidden, person
from tests.unit.admin_ui.test_catalogue_pages import told

from .sides import in_use

PAGE = "/admin/agreements/sopimus"
SIGN, NOTICE, CANCEL, PROPOSAL = (f"{PAGE}/{name}" for name in ("sign", "notice", "cancel", "proposal"))


@pytest.fixture
def world(world: World) -> World:
    """An agreement that the grantor has not signed, one psychologist under it, and three administrators of parties."""
    catalogue.agreement(world, "sopimus", signed=False)
    catalogue.comes_under(world, "sopimus", "ville", world.ids["KUUSI"])
    in_use(world)
    return world


def enters(world: World, days: int = 0) -> bool:
    with Session(world.engine) as session:
        return bool(roles_of(session, world.ids["ville"], clock.now() + timedelta(days=days)))


def send(who: Reader, path: str, party: str, **fields: str) -> TestResponse:
    return who.post(path, path, party=str(who.world.ids[party]), **fields)


def sign(who: Reader, party: str = "MANSIKKALA", **fields: str) -> TestResponse:
    """Look at the effect, then do it."""
    typed = {"signed_on": "2026-01-02", **fields}
    seen = hidden(send(who, SIGN, party, act="look", **typed), SIGN)["seen"]
    return send(who, SIGN, party, act="do", seen=seen, **typed)


def test_a_signature_is_looked_at_proposed_and_accepted_by_a_second_person_of_the_grantor(
    world: World, reader: Callable[[str], Reader]
) -> None:
    aili, bertta = reader("aili"), reader("bertta")
    page = send(aili, SIGN, "MANSIKKALA", act="look", signed_on="2026-01-02", signed_by="sivistysjohtaja")
    assert "1 gain the role" in told(page.text)
    assert sign(aili, signed_by="sivistysjohtaja").location == PROPOSAL
    assert not enters(world)
    assert f'href="{PROPOSAL}"' in bertta.get("/admin/").text
    assert "sivistysjohtaja" in told(bertta.get(PROPOSAL).text)
    assert bertta.post(PROPOSAL, PROPOSAL, act="accept").location == PAGE
    assert enters(world)
    assert "2.1.2026, sivistysjohtaja" in told(bertta.get(PAGE).text)
    assert bertta.get(PROPOSAL).status_code == 404


def test_who_proposed_it_or_is_of_the_other_side_sees_why_and_forces_nothing(
    world: World, reader: Callable[[str], Reader]
) -> None:
    aili, kerttu = reader("aili"), reader("kerttu")
    sign(aili)
    assert 'value="accept"' not in aili.get(PROPOSAL).text
    seen = hidden(reader("bertta").get(PROPOSAL), PROPOSAL)["seen"]
    for who, words in (
        (aili, "Somebody else than who proposed it must accept."),
        (kerttu, "A person of whoever allows it must decide this."),
    ):
        answer = who.force(PROPOSAL, act="accept", seen=seen)
        assert (answer.status_code, words in told(answer.text)) == (403, True)
    assert not enters(world)


def test_a_refused_signature_is_gone_and_gives_nothing(world: World, reader: Callable[[str], Reader]) -> None:
    sign(reader("aili"))
    bertta = reader("bertta")
    assert "A reason is needed." in told(bertta.post(PROPOSAL, PROPOSAL, act="refuse", reason="").text)
    assert bertta.post(PROPOSAL, PROPOSAL, act="refuse", reason="väärä päivä").location == PAGE
    assert not enters(world)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"party": ""}, "Choose the party."),
        ({"signed_on": ""}, "Write a day."),
        ({"signed_on": "2999-01-01"}, "Nobody has signed in the future."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    world: World, reader: Callable[[str], Reader], fields: dict[str, str], words: str
) -> None:
    typed = {"party": str(world.ids["MANSIKKALA"]), "signed_on": "2026-01-02", "signed_by": "johtaja"} | fields
    page = reader("aili").post(SIGN, SIGN, act="look", **typed)
    assert page.status_code == 422
    assert words in told(page.text)
    assert 'value="johtaja"' in page.text


def test_what_was_typed_is_there_again_after_a_fresh_proof(world: World, reader: Callable[[str], Reader]) -> None:
    page = reader("aili").get(f"{SIGN}?party={world.ids['MANSIKKALA']}&signed_on=2026-01-02&signed_by=johtaja")
    assert 'value="johtaja"' in page.text
    assert f'<option value="{world.ids["MANSIKKALA"]}" selected>' in page.text


def test_the_grantee_does_not_sign_for_the_grantor(world: World, reader: Callable[[str], Reader]) -> None:
    page = send(reader("kerttu"), SIGN, "MANSIKKALA", act="look", signed_on="2026-01-02", document_number="A-1")
    assert (page.status_code, "Only an administrator of that party may do this." in told(page.text)) == (403, True)


def test_notice_shows_the_last_day_and_who_loses_before_it_is_given(
    world: World, reader: Callable[[str], Reader]
) -> None:
    sign(reader("aili"))
    reader("bertta").post(PROPOSAL, PROPOSAL, act="accept")
    kerttu, last = reader("kerttu"), clock.today() + timedelta(days=10)
    page = send(kerttu, NOTICE, "MUSTIKKALA", act="look", last_day=last.isoformat())
    assert f"The last day in force is {last.day}.{last.month}.{last.year}." in told(page.text)
    assert "1 lose the role" in told(page.text)
    seen = hidden(page, NOTICE)["seen"]
    assert send(kerttu, NOTICE, "MUSTIKKALA", act="do", seen=seen, last_day=last.isoformat()).location == PAGE
    assert (enters(world, 10), enters(world, 11)) == (True, False)
    assert "Notice given on" in told(kerttu.get(PAGE).text)


def test_a_suspension_takes_the_right_at_the_next_request_and_a_second_person_gives_it_back(
    world: World, reader: Callable[[str], Reader]
) -> None:
    sign(reader("aili"))
    reader("bertta").post(PROPOSAL, PROPOSAL, act="accept")
    aili, bertta = reader("aili"), reader("bertta")
    assert aili.post(f"{PAGE}/suspend", PAGE, reason="epäily", party=str(world.ids["MANSIKKALA"])).location == PAGE
    assert not enters(world)
    assert "This agreement is suspended: it gives nobody any right." in told(aili.get(PAGE).text)
    assert aili.post(f"{PAGE}/lift", PAGE).status_code == 403
    assert bertta.post(f"{PAGE}/lift", PAGE).location == PAGE
    assert enters(world)


def cancel(who: Reader, party: str, **typed: str) -> TestResponse:
    """Look at the effect, then do it."""
    seen = hidden(send(who, CANCEL, party, act="look", **typed), CANCEL)["seen"]
    return send(who, CANCEL, party, act="do", seen=seen, **typed)


def test_an_agreement_that_is_not_in_force_yet_is_cancelled_by_either_party_and_says_why(
    world: World, reader: Callable[[str], Reader]
) -> None:
    kerttu = reader("kerttu")
    assert f'href="{CANCEL}"' in kerttu.get(PAGE).text
    refused = send(kerttu, CANCEL, "MUSTIKKALA", act="look", reason=" ")
    assert (refused.status_code, "A reason is needed." in told(refused.text)) == (422, True)
    assert cancel(kerttu, "MUSTIKKALA", reason="rahoitus peruuntui").location == PAGE
    page = told(kerttu.get(PAGE).text)
    assert "Cancelled" in page
    assert "rahoitus peruuntui" in page
    assert not re.search(r'/(sign|notice|cancel|suspend|edit|end)"', kerttu.get(PAGE).text)
    assert "It was given up before it was in force." in told(kerttu.get(f"{PAGE}/history").text)
    assert not enters(world)


def test_an_agreement_is_not_cancelled_in_the_other_sides_name_nor_when_it_is_in_force(
    world: World, reader: Callable[[str], Reader]
) -> None:
    page = send(reader("kerttu"), CANCEL, "MANSIKKALA", act="look", reason="syy")
    assert (page.status_code, "Only an administrator of that party may do this." in told(page.text)) == (403, True)
    sign(reader("aili"))
    reader("bertta").post(PROPOSAL, PROPOSAL, act="accept")
    assert f'href="{CANCEL}"' not in reader("aili").get(PAGE).text
    page = send(reader("aili"), CANCEL, "MANSIKKALA", act="look", reason="syy")
    assert (page.status_code, "Only an agreement that is not in force yet" in told(page.text)) == (409, True)
    assert enters(world)


def test_who_holds_the_permission_over_neither_party_cancels_nothing(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person(world, "muu", "Muu")
    administer(world, "muu", "KOIVU", "agreements.read", "agreements.write")
    forced = reader("muu").force(CANCEL, act="do", party=str(world.ids["MANSIKKALA"]), reason="syy")
    assert forced.status_code == 403
    assert f'href="{CANCEL}"' in reader("aili").get(PAGE).text


def test_an_administrator_without_the_permissions_finds_no_act(world: World, reader: Callable[[str], Reader]) -> None:
    person(world, "lukija", "Lukija")
    administer(world, "lukija", "MANSIKKALA", "agreements.read")
    lukija = reader("lukija")
    assert not re.search(r"/(sign|notice|cancel|suspend|lift)\"", lukija.get(PAGE).text)
    for path in (SIGN, NOTICE, CANCEL):
        assert lukija.get(path).status_code == 404
