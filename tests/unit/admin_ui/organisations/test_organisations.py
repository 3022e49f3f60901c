"""Organisations: the tree by level, one page each, the file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

from iam.directory.organisation import OrganisationRelation
from tests.kit.factories import consortium
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer


def names(text: str) -> list[str]:
    return re.findall(r'<th scope="row"[^>]*><a href="/admin/organisations/[^"]+">([^<]+)</a>', text)


def branches(text: str) -> list[str]:
    """The names in the tree."""
    tree = text.partition('<nav class="tree"')[2].partition("</nav>")[0]
    return re.findall(r'<a href="/admin/organisations/[^"]+">([^<]+)</a>', tree)


def units(world: World, first: int, last: int) -> None:
    """Put units right under MUSTIKKALA."""
    with catalogue.batch(world) as together:
        for n in range(first, last):
            consortium.organisation(together, f"U{n:03}", "unit", "MUSTIKKALA", name=f"Unit {n:03}")


def test_the_tree_opens_at_the_top_of_the_readers_part(world: World, reader: Callable[[str], Reader]) -> None:
    paula = branches(reader("paula").get("/admin/organisations").text)
    assert paula == ["Root en", "Mansikkala en", "Koivu en", "Ranta en", "Mustikkala en", "Kuusi en"]
    administer(world, "sanna", "KOIVU", "organisations.read")
    administer(world, "sanna", "RANTA", "organisations.read")
    assert branches(reader("sanna").get("/admin/organisations").text) == ["Koivu en", "Ranta en"]


def test_of_many_under_one_the_tree_shows_some_and_a_page_of_its_own_all_with_the_same_statements(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, statements = reader("paula"), []
    for first_unit, last_unit, shown in ((0, 10, 10 + 1), (10, 200, 20)):
        units(world, first_unit, last_unit)
        paula.get("/admin/organisations")
        with world.counted() as sent:
            text = paula.get("/admin/organisations").text
        statements.append(len(sent))
        assert len(branches(text)) == 5 + shown
    assert statements[0] == statements[1] < 15
    below = f"/admin/organisations?under={world.ids['MUSTIKKALA']}"
    assert below in text
    assert "Show all 201" in text
    page = paula.get(below)
    assert len(branches(page.text)) == 50
    assert 'rel="next"' in page.text
    administer(world, "sanna", "KOIVU", "organisations.read")
    assert reader("sanna").get(below).status_code == 404


def test_who_administers_it_is_told_by_name_to_who_sees_them_and_counted_to_others(
    world: World, reader: Callable[[str], Reader]
) -> None:
    here = f"/admin/organisations/{world.ids['KOIVU']}"
    text = reader("paula").get(here).text
    table = text.partition('id="administrators')[2].partition("</table>")[0]
    assert "Pääkäyttäjä Paula" in table
    assert "Sihteeri Sanna" in table
    assert "Give one-time codes and usernames, End login sessions" in table
    administer(world, "sanna", "KOIVU", "organisations.read")
    text = reader("sanna").get(here).text
    assert "Pääkäyttäjä" not in text.partition("<main")[2]
    assert "1 person more administers it" in text


def test_an_organisation_shows_what_is_right_under_it_and_the_way_up(
    world: World, reader: Callable[[str], Reader]
) -> None:
    text = reader("paula").get(f"/admin/organisations/{world.ids['MANSIKKALA']}").text
    assert names(text) == ["Koivu en", "Ranta en"]
    way = re.search(r'<nav class="breadcrumb".*?</nav>', text, re.DOTALL)
    assert way is not None
    assert re.findall(r">([^<]+)</(?:a|li)>", way[0]) == ["Organisations", "Root en", "Mansikkala en"]


def counted(text: str) -> dict[str, str]:
    return dict(re.findall(r'tile__number">(\d+)</span><span class="tile__title">([^<]+)', text))


def test_people_are_counted_by_kind_once_each(world: World, reader: Callable[[str], Reader]) -> None:
    here = f"/admin/organisations/{world.ids['ROOT']}"
    assert counted(reader("paula").get(here).text) == {"3": "employees", "1": "pupil or student"}
    in_finnish = reader("paula").get(f"{here}?lang=fi").text
    assert counted(in_finnish) == {"3": "työntekijää", "1": "oppilas tai opiskelija"}


def test_controllers_and_relations_are_told_and_link_only_inside_the_part(
    world: World, reader: Callable[[str], Reader]
) -> None:
    world.write(
        OrganisationRelation(
            organisation_id=world.ids["KOIVU"], kind="continues", other_id=world.ids["KUUSI"], **world.lasting()
        )
    )
    here = f"/admin/organisations/{world.ids['KOIVU']}"
    other = f"/admin/organisations/{world.ids['KUUSI']}"
    paula = reader("paula").get(here).text
    assert "Continues" in paula
    assert other in paula
    assert "Mansikkala en" in paula
    assert "Is continued by" in reader("paula").get(other).text
    administer(world, "sanna", "KOIVU", "organisations.read")
    assert other not in reader("sanna").get(here).text


def test_search_finds_by_a_part_of_a_name_in_any_language_and_by_kind(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    assert names(paula.get("/admin/organisations?q=koiv").text) == ["Koivu en"]
    assert names(paula.get("/admin/organisations?q=ranta+sv").text) == ["Ranta en"]
    assert names(paula.get("/admin/organisations?kind=municipality").text) == ["Mansikkala en", "Mustikkala en"]
    assert "No organisation fits" in paula.get("/admin/organisations?q=zzz").text


def test_children_come_in_pages_with_the_same_statements_for_10_and_200(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, here = reader("paula"), f"/admin/organisations/{world.ids['MUSTIKKALA']}"
    statements = []
    for first_unit, last_unit, number in ((0, 10, 11), (10, 200, 50)):
        units(world, first_unit, last_unit)
        assert len(names(paula.get(here).text)) == number
        with world.counted() as sent:
            first = paula.get(here).text
        statements.append(len(sent))
    assert statements[0] == statements[1] < 30
    following = re.search(r'<a href="([^"]+)" rel="next">', first)
    assert following is not None
    second = names(paula.get(following[1]).text)
    assert second[0] == "Unit 049 en"
    assert len(second) == 50


def test_the_file_has_every_organisation_of_the_part_with_its_counts(
    world: World, reader: Callable[[str], Reader]
) -> None:
    text = reader("paula").get("/admin/organisations.csv").get_data().decode()
    assert text.startswith('\ufeff"Key";"Kind";')
    rows = {row["Key"]: row for row in csv.DictReader(io.StringIO(text[1:]), delimiter=";")}
    assert set(rows) == {"ROOT", "MANSIKKALA", "MUSTIKKALA", "KOIVU", "RANTA", "KUUSI"}
    assert rows["KOIVU"]["Under"] == "MANSIKKALA"
    assert (rows["KOIVU"]["Employee"], rows["KOIVU"]["Pupil or student"]) == ("2", "1")
    under = reader("paula").get(f"/admin/organisations.csv?under={world.ids['MANSIKKALA']}").get_data().decode()
    assert [line.split(";")[0] for line in under.splitlines()[1:]] == ['"KOIVU"', '"RANTA"']
    assert [event.envelope["list"] for event in world.events("person:list:exported")] == [
        "organisations",
        "organisations",
    ]
