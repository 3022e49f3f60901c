"""By which names the people of a source are found, and where lists have them, run after run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from iam.access.administration import WHOLE
from iam.directory.pages.listing import PERSON_KEYS, Wanted, persons
from iam.directory.person import Person, PersonNameWord
from iam.directory.queries import profiles
from tests.kit.worlds.source import World, build, row

YEAR = timedelta(days=365)


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def found(world: World, text: str) -> list[str]:
    """The family names of whom a search finds, in the order of the list."""
    with world.sessions() as session, world.now():
        rows: list[UUID] = [
            one.id for one in session.scalars(persons(WHOLE, Wanted(text), YEAR).order_by(*PERSON_KEYS))
        ]
        shown = profiles(session, rows)
        return [str(shown[one].family_name) for one in rows]


def words(world: World, number: str) -> dict[str, bool]:
    mine = PersonNameWord.person_id == world.persons()[number]
    with world.sessions() as session:
        return dict(session.execute(select(PersonNameWord.word, PersonNameWord.shown).where(mine)).all())


def test_everybody_of_a_first_load_is_found_and_stands_in_the_finnish_order(world: World) -> None:
    family = {"1": "Öhman", "2": "Nuorgámoš", "3": "Åberg", "4": "Zidan", "5": "O’Neill-Aalto"}
    world.load([row(int(number), sukunimi=name) for number, name in family.items()])
    assert found(world, "etunimi") == ["Nuorgámoš", "O’Neill-Aalto", "Zidan", "Åberg", "Öhman"]
    assert found(world, "nuorgamos") == ["Nuorgámoš"]
    assert found(world, "oneill") == found(world, "aalto") == ["O’Neill-Aalto"]
    assert found(world, "toinen aberg") == []


def test_who_gets_another_name_is_found_by_both_and_moves_in_the_list(world: World) -> None:
    both = [row(1, sukunimi="Aalto"), row(2, sukunimi="Mäki")]
    world.load(both)
    world.later(days=1).run([row(1, sukunimi="Ojala"), both[1]])
    assert found(world, "aalto") == ["Ojala"]
    assert found(world, "etunimi") == ["Mäki", "Ojala"]
    assert words(world, "1") == {"etunimi1": True, "toinen": True, "ojala": True, "aalto": False}


def test_the_next_run_moves_nobody_and_a_new_title_changes_no_name(world: World) -> None:
    world.load([row(1), row(2)])
    before = words(world, "1"), world.all(select(Person.sort_name).order_by(Person.id))
    world.later(days=1).run([row(1), row(2, nimike="Rehtori")])
    assert (words(world, "1"), world.all(select(Person.sort_name).order_by(Person.id))) == before
    assert words(world, "2") == {"etunimi2": True, "toinen": True, "sukunimi2": True}
