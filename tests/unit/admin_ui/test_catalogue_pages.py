"""Roles and applications as pages: what they tell, to whom, and what they keep to themselves."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest

from iam.access.pages import counting
from iam.directory.pages import listing
from tests.kit.factories import consortium
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, employ, give, person

TOKEN = "/admin/applications/wilma/token"


def told(text: str) -> str:
    """The text of a page without its marks."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def test_a_role_tells_its_content_its_holders_and_what_includes_it(
    world: World, reader: Callable[[str], Reader]
) -> None:
    consortium.role(world, "wilma", "rehtori", "opettaja")
    catalogue.rule(world, "saanto")
    page = reader("paula").get("/admin/roles/wilma/opettaja").text
    text = told(page)
    assert "oppilaat: reading" in text
    assert "1 person in your part holds this role." in text
    assert text.count("Virtanen Anna") == 2
    assert "/admin/roles/wilma/rehtori" in page
    assert "/admin/rules/saanto" in page


def test_a_role_held_through_another_says_through_which(world: World, reader: Callable[[str], Reader]) -> None:
    consortium.role(world, "wilma", "katselija")
    consortium.role(world, "wilma", "rehtori", "katselija")
    world.ids.update({"opettaja": world.ids["rehtori"], "opettaja v1": world.ids["rehtori v1"]})
    give(world, "sanna", "KOIVU")
    text = told(reader("paula").get("/admin/roles/wilma/katselija").text)
    assert "Sihteeri Sanna Koivu en" in text
    assert "through the role Wilma: rehtori en" in text


def test_holders_outside_the_part_are_neither_counted_nor_named(world: World, reader: Callable[[str], Reader]) -> None:
    employ(world, "ville", "KUUSI", "Rehtori", number="3")
    give(world, "ville", "KUUSI")
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "KOIVU", "rules.read", "persons.read", "persons.export")
    kimmo, paula = reader("kimmo"), reader("paula")
    assert "2 people in your part" in told(paula.get("/admin/roles/wilma/opettaja").text)
    text = told(kimmo.get("/admin/roles/wilma/opettaja").text)
    assert "1 person in your part" in text
    assert "Vieras" not in text
    assert "Vieras" not in kimmo.get("/admin/roles/wilma/opettaja/holders.csv").text


def test_of_more_people_than_are_counted_it_is_told_that_there_are_more(
    world: World, reader: Callable[[str], Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "COUNTED", 3)
    catalogue.rule(world, "saanto")
    catalogue.holders(world, range(2))
    paula = reader("paula")
    assert "3 people in your part hold this role." in told(paula.get("/admin/roles/wilma/opettaja").text)
    catalogue.holders(world, range(2, 5))
    assert re.search("At least [34] people in your part hold", told(paula.get("/admin/roles/wilma/opettaja").text))
    assert re.search(r"at least \d", told(paula.get("/admin/roles").text))


@pytest.mark.parametrize("few", [20_000, 1])
def test_holders_of_a_part_are_the_same_whether_it_is_small_or_large(
    world: World, reader: Callable[[str], Reader], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(listing, "_LOOKED_AT", few)
    employ(world, "ville", "KUUSI", "Rehtori", number="3")
    give(world, "ville", "KUUSI")
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "KOIVU", "rules.read", "persons.read")
    text = told(reader("kimmo").get("/admin/roles/wilma/opettaja").text)
    assert "1 person in your part holds this role." in text
    people = told(reader("kimmo").get("/admin/persons").text)
    assert "Virtanen Anna" in people
    assert "Vieras" not in people


def test_where_a_protected_person_holds_a_role_is_not_told(world: World, reader: Callable[[str], Reader]) -> None:
    give(world, "oona", "KOIVU")
    text = told(reader("paula").get("/admin/roles/wilma/opettaja").text)
    assert "Oppilas Oona place protected" in text
    lines = reader("paula").get("/admin/roles/wilma/opettaja/holders.csv").get_data(as_text=True).splitlines()
    assert [line.split(";")[1] for line in lines if line.startswith('"Oppilas')] == ['"protected"']


def test_who_may_read_rules_but_no_persons_sees_how_many_but_not_who(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person(world, "lulu", "Lukija")
    administer(world, "lulu", "ROOT", "rules.read")
    text = told(reader("lulu").get("/admin/roles/wilma/opettaja").text)
    assert "1 person in your part" in text
    assert "Virtanen" not in text


def test_an_application_of_another_municipality_is_there_only_when_one_of_the_part_enabled_it(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person(world, "mika", "Mustikka")
    administer(world, "mika", "KUUSI", "applications.read", "rules.read")
    mika = reader("mika")
    for path in ("/admin/applications/wilma", "/admin/roles/wilma/opettaja", TOKEN):
        assert mika.get(path).status_code == 404
    catalogue.enable(world, "wilma", world.ids["MUSTIKKALA"])
    assert mika.get("/admin/applications/wilma").status_code == 200
    assert "Opettaja" in mika.get("/admin/roles").text


def test_an_application_shows_what_its_developer_copies(world: World, reader: Callable[[str], Reader]) -> None:
    consortium.client(world, "wilma", "wilma-palvelu", mapper={"roles": {"name": "groups", "format": "code"}})
    text = told(reader("paula").get("/admin/applications/wilma").text)
    for words in (
        "http://localhost:8080/.well-known/openid-configuration",
        "wilma-palvelu",
        "https://wilma-palvelu.example/cb",
        "client_secret_basic",
        "openid profile roles",
        "RS256",
        "required (S256)",
        "roles → groups (code)",
    ):
        assert words in text


def test_what_a_token_would_hold_is_shown_by_capacity_and_looking_is_recorded(
    world: World, reader: Callable[[str], Reader]
) -> None:
    consortium.client(world, "wilma", "wilma-palvelu")
    catalogue.enable(world, "wilma", world.ids["MUSTIKKALA"])
    paula = reader("paula")
    found = paula.get(f"{TOKEN}?q=virt").text
    here = f"{TOKEN}?person={world.ids['anna']}"
    assert here in found
    page = told(paula.get(here).text)
    assert "roles opettaja@KOIVU" in page
    assert '"roles": [ "opettaja@KOIVU" ]' in page
    assert "opettaja@KUUSI" not in page
    other = told(paula.get(f"{here}&capacity={world.ids['anna KUUSI']}").text)
    assert "roles opettaja@KUUSI" in other
    assert [(event.subject_id, event.envelope["client"]) for event in world.events("person:page:opened")] == [
        (world.ids["anna"], "wilma-palvelu")
    ] * 2


def test_who_has_no_role_in_the_application_would_not_get_in(world: World, reader: Callable[[str], Reader]) -> None:
    consortium.client(world, "wilma", "wilma-palvelu")
    page = told(reader("paula").get(f"{TOKEN}?person={world.ids['sanna']}").text)
    assert "Wilma does not let this person in as that." in page


def test_on_a_day_without_a_position_there_is_no_token(world: World, reader: Callable[[str], Reader]) -> None:
    consortium.client(world, "wilma", "wilma-palvelu")
    page = told(reader("paula").get(f"{TOKEN}?person={world.ids['anna']}&on=2020-01-15").text)
    assert "On that day this person has no position to act in." in page


def test_the_token_of_a_protected_person_is_not_shown(world: World, reader: Callable[[str], Reader]) -> None:
    consortium.client(world, "wilma", "wilma-palvelu")
    give(world, "oona", "KOIVU")
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "ROOT", "applications.read", "persons.read")
    page = reader("kimmo").get(f"{TOKEN}?person={world.ids['oona']}").text
    assert "is protected" in told(page)
    assert "KOIVU" not in page
    assert "KOIVU" in reader("paula").get(f"{TOKEN}?person={world.ids['oona']}").text


def test_the_token_of_somebody_outside_the_part_is_not_there(world: World, reader: Callable[[str], Reader]) -> None:
    consortium.client(world, "wilma", "wilma-palvelu")
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "KOIVU", "applications.read", "persons.read")
    kimmo = reader("kimmo")
    assert kimmo.get(f"{TOKEN}?person={world.ids['ville']}").status_code == 404
    assert "Vieras" not in kimmo.get(f"{TOKEN}?q=vieras").text.split("Nobody fits.")[1]


def test_an_identity_code_is_not_looked_for_and_leaves_the_address(
    world: World, reader: Callable[[str], Reader]
) -> None:
    consortium.client(world, "wilma", "wilma-palvelu")
    answer = reader("paula").get(f"{TOKEN}?q=010190-9023")
    assert answer.location == f"{TOKEN}?refused=code"
