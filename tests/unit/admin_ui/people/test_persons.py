"""The list of persons: search, filters, pages by key, the file, and how many statements it takes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation
from iam.directory.pages.listing import STATES, Wanted, persons
from iam.directory.person import Hold, Identifier, Person, PersonProfile
from iam.lifecycle import name_words
from iam.lifecycle.states import state_of
from iam.web import extension
from tests.kit.worlds.admin import Reader, World, administer, employ, person

CODE = "010190-9023"


def names(text: str) -> list[str]:
    return re.findall(r'<a href="/admin/persons/[0-9a-f-]{36}[^"]*">([^<]+)</a>', text)


def crowd(world: World, number: int) -> None:
    """Add pupils of KOIVU whose names follow one another."""
    people = [Person() for _ in range(number)]
    world.write(*people)
    rows = [
        row
        for n, one in enumerate(people)
        for row in (
            PersonProfile(person_id=one.id, given_names=f"Nro {n:03}", family_name="Zz", **world.lasting()),
            Affiliation(
                person_id=one.id,
                organisation_id=world.ids["KOIVU"],
                kind="student",
                source_id=world.ids["hr"],
                record_id=uuid7(),
                **world.lasting(),
            ),
        )
    ]
    with Session(world.engine) as session, session.begin():
        session.add_all(rows)
        name_words.write(session, [one.id for one in people])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=virt", ["Virtanen Anna"]),
        ("q=anna", ["Virtanen Anna"]),
        ("q=Anna+Virtanen", ["Virtanen Anna"]),
        ("q=pÄÄk", ["Pääkäyttäjä Paula"]),
        ("q=irtanen", []),
        ("q=%25", []),
        ("kind=student", ["Oppilas Oona"]),
        ("kind=guardian", ["Huoltaja Gitta"]),
        ("state=draft", ["Pääkäyttäjä Paula"]),
        ("state=archived", []),
        ("kind=nonsense&q=ville", ["Vieras Ville"]),
    ],
)
def test_search_and_filters_find_whom_they_should(
    world: World, reader: Callable[[str], Reader], query: str, found: list[str]
) -> None:
    assert names(reader("paula").get(f"/admin/persons?{query}").text) == found


def test_a_whole_number_finds_its_person_and_a_part_of_one_finds_nobody(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    with Session(world.engine) as session:
        number = session.scalars(select(Identifier.value).where(Identifier.person_id == world.ids["anna"])).one()
    assert number is not None
    assert names(paula.get(f"/admin/persons?q={number}").text) == ["Virtanen Anna"]
    assert names(paula.get(f"/admin/persons?q={number[:-1]}").text) == []


def test_an_organisation_is_filtered_with_everything_under_it(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    assert names(paula.get(f"/admin/persons?organisation={world.ids['MUSTIKKALA']}").text) == [
        "Vieras Ville",
        "Virtanen Anna",
    ]
    assert names(paula.get(f"/admin/persons?organisation={world.ids['RANTA']}").text) == []


def test_positions_that_soon_start_or_end_are_found(world: World, reader: Callable[[str], Reader]) -> None:
    now = clock.now()
    person(world, "tuula", "Tuleva")
    employ(world, "tuula", "KOIVU", None, valid_from=now + timedelta(days=5))
    person(world, "leo", "Lähtevä")
    employ(world, "leo", "KOIVU", None, valid_to=now + timedelta(days=5))
    paula = reader("paula")
    assert names(paula.get("/admin/persons?coming=starts").text) == ["Tuleva Tuula"]
    assert names(paula.get("/admin/persons?coming=ends").text) == ["Lähtevä Leo"]


def test_who_left_reads_as_ended_and_is_found_so_until_another_position_is_known(
    world: World, reader: Callable[[str], Reader]
) -> None:
    now = clock.now()
    gone = {"valid_to": now - timedelta(days=5)}
    person(world, "leo", "Lähtenyt")
    employ(world, "leo", "KOIVU", None, **gone)
    person(world, "tuula", "Tuuraaja")
    employ(world, "tuula", "KOIVU", None, number="a", **gone)
    employ(world, "tuula", "KOIVU", None, number="b", valid_from=now + timedelta(days=20))
    paula = reader("paula")
    found = paula.get("/admin/persons?state=ended").text
    assert names(found) == ["Lähtenyt Leo"]
    assert re.search(r"Lähtenyt Leo</a>.*?Ended", found)
    assert "Ended" in paula.get(f"/admin/persons/{world.ids['leo']}").text
    active = names(paula.get("/admin/persons?state=active").text)
    assert ("Lähtenyt Leo" in active, "Tuuraaja Tuula" in active) == (False, True)


def test_walking_the_pages_forward_and_back_meets_everybody_once_in_order(
    world: World, reader: Callable[[str], Reader]
) -> None:
    crowd(world, 120)
    paula, path, walked = reader("paula"), "/admin/persons?q=zz", []
    while True:
        page = paula.get(path).text
        walked.append(names(page))
        following = re.search(r'<a href="([^"]+)" rel="next">', page)
        if following is None:
            break
        path = following[1].replace("&amp;", "&")
        assert "zz" not in urlsplit(path).query.replace("q=zz", "")
    assert [len(page) for page in walked] == [50, 50, 20]
    everybody = [name for page in walked for name in page]
    assert everybody == [f"Zz Nro {n:03}" for n in range(120)]
    back = re.search(r'<a href="([^"]+)" rel="prev">', page)
    assert back is not None
    middle = paula.get(back[1].replace("&amp;", "&")).text
    assert names(middle) == walked[1]
    assert 'rel="prev"' in middle
    assert 'rel="next"' in middle


def test_the_list_takes_as_many_statements_for_200_people_as_for_10(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    crowd(world, 10)
    with world.counted() as few:
        assert len(names(paula.get("/admin/persons?q=zz").text)) == 10
    crowd(world, 190)
    with world.counted() as many:
        assert len(names(paula.get("/admin/persons?q=zz").text)) == 50
    assert len(few) == len(many)
    assert len(many) < 20


def test_the_file_holds_the_whole_filtered_list_and_leaves_an_event(
    world: World, reader: Callable[[str], Reader]
) -> None:
    crowd(world, 60)
    with world.counted() as statements:
        response = reader("paula").get("/admin/persons.csv?q=zz&kind=student")
        text = response.get_data().decode("utf-8")
    assert response.headers["Content-Disposition"] == 'attachment; filename="persons.csv"'
    assert text.startswith('\ufeff"Name";"State";"Kind";"Position";"Organisation";"From";"Last day"\r\n')
    rows = list(csv.reader(io.StringIO(text[1:]), delimiter=";"))
    assert len(rows) == 61
    assert rows[1][:5] == ["Zz Nro 000", "Active", "Pupil or student", "", "Koivu en"]
    assert len(statements) < 68
    (event,) = world.events("person:list:exported")
    assert event.envelope == {
        "list": "persons",
        "filters": {"organisation": "", "kind": "student", "state": None, "coming": None},
    }
    assert "zz" not in str(event.envelope)


def test_a_cell_that_a_spreadsheet_would_take_for_a_formula_is_disarmed(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person(world, "eki", "=CMD|' /C calc'!A0")
    assert "\r\n\"'=CMD|' /C calc'!A0 Eki\";" in reader("paula").get("/admin/persons.csv").get_data().decode()


def test_a_protected_person_shows_no_place_in_list_or_file(world: World, reader: Callable[[str], Reader]) -> None:
    person(world, "liisa", "Listaaja")
    administer(world, "liisa", "ROOT", "persons.read", "persons.export")
    liisa, told = reader("liisa"), '"Oppilas Oona";"Active";"Pupil or student";"";"protected";'
    assert "Koivu en" not in liisa.get("/admin/persons?q=oona").text.split("<table")[1]
    assert told in liisa.get("/admin/persons.csv?q=oona").get_data().decode()


def test_who_may_see_identity_codes_there_sees_where_a_protected_person_is(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person(world, "liisa", "Listaaja")
    administer(world, "liisa", "ROOT", "persons.read")
    administer(world, "liisa", "KOIVU", "persons.code")
    assert "Koivu en" in reader("liisa").get("/admin/persons?q=oona").text.split("<table")[1]


def test_an_identity_code_in_the_search_leaves_the_address_and_finds_nothing(
    world: World, reader: Callable[[str], Reader]
) -> None:
    response = reader("paula").get(f"/admin/persons?q={CODE}")
    assert response.location == "/admin/persons?refused=code"
    assert CODE not in reader("paula").get(response.location).text


def test_a_person_is_found_by_code_for_a_purpose_by_a_form_and_with_an_event(
    world: World, reader: Callable[[str], Reader]
) -> None:
    vault = extension.parts_of(world.app).vault
    mac = vault.mac("identity-code", "", CODE)
    world.write(Identifier(person_id=world.ids["anna"], kind="identity-code", value_mac=mac, **world.lasting()))
    paula = reader("paula")
    found = paula.post("/admin/persons/by-code", "/admin/persons", code=f" {CODE} ", purpose="a call")
    assert found.location == f"/admin/persons/{world.ids['anna']}"
    nobody = paula.post("/admin/persons/by-code", "/admin/persons", code="020290-902X", purpose="a call")
    assert nobody.location == "/admin/persons?refused=unknown"
    assert paula.force("/admin/persons/by-code", code=CODE, purpose=" ").status_code == 422
    events = world.events("person:code:searched")
    assert [event.envelope for event in events] == [
        {"purpose": "a call", "found": True},
        {"purpose": "a call", "found": False},
    ]
    assert CODE not in str([event.envelope for event in events])


def test_a_code_of_somebody_outside_the_part_finds_nobody(world: World, reader: Callable[[str], Reader]) -> None:
    mac = extension.parts_of(world.app).vault.mac("identity-code", "", CODE)
    world.write(Identifier(person_id=world.ids["ville"], kind="identity-code", value_mac=mac, **world.lasting()))
    administer(world, "sanna", "KOIVU", "persons.code")
    answer = reader("sanna").post("/admin/persons/by-code", "/admin/persons", code=CODE, purpose="a call")
    assert answer.location == "/admin/persons?refused=unknown"


def test_the_filter_by_state_agrees_with_the_state_computed_for_each_person(world: World) -> None:
    now, archive = clock.now(), timedelta(days=90)
    for login, start, end in (("a", -400, -200), ("b", -400, -10), ("c", 5, 50), ("d", -400, 50), ("e", -400, 40)):
        person(world, login, "Tila")
        employ(world, login, "RANTA", None, valid_from=now + timedelta(days=start), valid_to=now + timedelta(days=end))
    hold = world.lasting()
    world.write(Hold(person_id=world.ids["d"], kind="end-now", reason="x", **hold))
    everything = Part(True, frozenset())
    with Session(world.engine) as session:
        ids = list(session.scalars(select(Person.id)))
        computed = {id_: state_of(session, id_, clock.now(), archive) for id_ in ids}
        for state in STATES:
            listed = set(
                session.scalars(persons(everything, Wanted(state=state), archive).with_only_columns(Person.id))
            )
            assert listed == {id_ for id_ in ids if computed[id_] == state}
        assert {str(computed[world.ids[login]]) for login in "abcde"} == set(STATES)


def test_an_empty_part_and_an_empty_search_say_what_to_do(world: World, reader: Callable[[str], Reader]) -> None:
    assert "Try the beginning of the family name" in reader("paula").get("/admin/persons?q=nobody").text
    person(world, "raija", "Rantalainen")
    administer(world, "raija", "RANTA", "persons.read")
    assert "People come from the sources" in reader("raija").get("/admin/persons").text
