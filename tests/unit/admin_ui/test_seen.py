"""Reading about named people leaves one event a request, with whose names were shown and never with what was looked
for."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

import admin_ui
from tests.kit.worlds import catalogue, wide
from tests.kit.worlds.admin import Reader, World

RULE = {
    "fact": "affiliation",
    "kinds": "employee",
    "role": "wilma:opettaja",
    "scope": "own",
    "name_fi": "Kokeilu",
    "owner": "KOIVU",
}


@pytest.fixture
def here(world: World) -> World:
    wide.build(world)
    wide.local(world)
    return world


def seen(world: World) -> list[tuple[str, set[str], list[str]]]:
    """What the events tell: the page, who was shown, and by what somebody was looked for."""
    names = {str(id_): name for name, id_ in world.ids.items()}
    return [
        (one.envelope["page"], {names.get(id_, id_) for id_ in one.envelope["persons"]}, one.envelope.get("by", []))
        for one in world.events("person:list:seen")
        if one.envelope["page"] != "overview"
    ]


@pytest.mark.parametrize(
    ("path", "page", "shown"),
    [
        ("/admin/roles/wilma/opettaja", "role", {"anna"}),
        ("/admin/sources/omasyote/unclear", "unclear", {"anna"}),
        ("/admin/applications/wilma/trace", "application_trace", {"anna"}),
        ("/admin/undelivered", "undelivered", {"anna"}),
    ],
)
def test_who_was_shown_in_a_list_is_written_down_once_for_each_look(
    here: World, reader: Callable[[str], Reader], path: str, page: str, shown: set[str]
) -> None:
    reader("lauri").get(path)
    assert seen(here) == [(page, shown, [])]


def test_a_search_is_written_down_by_its_kind_and_never_by_what_was_written(
    here: World, reader: Callable[[str], Reader]
) -> None:
    lauri, number = reader("lauri"), wide.number_of(here, "anna")
    for text in ("virtanen", number, "99887766"):
        lauri.get(f"/admin/persons?q={text}")
    assert seen(here) == [
        ("persons", {"anna"}, ["name"]),
        ("persons", {"anna"}, ["employee-number"]),
        ("persons", set(), ["name"]),
    ]
    assert [one for one in here.events("person:list:seen") if number in str(one.envelope)] == []


def test_trying_a_rule_and_its_effect_on_named_people_is_written_down(
    here: World, reader: Callable[[str], Reader]
) -> None:
    lauri = reader("lauri")
    for act in ("preview", "test"):
        lauri.force("/admin/rules/new", **RULE, act=act, person="virtanen", person_id=str(here.ids["anna"]))
    assert seen(here) == [("write_new_rule", {"sanna"}, []), ("write_new_rule", {"anna"}, [])]


def test_no_more_people_are_written_down_than_a_page_shows(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.holders(world, range(120))
    reader("paula").get("/admin/persons")
    assert [len(shown) for _, shown, _ in seen(world)] == [50]


def test_a_page_that_names_nobody_writes_nothing(here: World, reader: Callable[[str], Reader]) -> None:
    reader("lauri").get("/admin/organisations")
    assert seen(here) == []


def test_every_page_reads_names_where_it_is_noted_who_was_shown() -> None:
    """A page that took names from elsewhere would show people and leave no trace."""
    taken = {
        path.name
        for path in Path(str(admin_ui.__file__)).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "iam.directory.queries"
        if any(name.name == "profiles" for name in node.names)
    }
    assert taken == set()
