"""Several keys of one file that are one person by what they share, whatever finds them and in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import combinations
from pathlib import Path
from sqlite3 import SQLITE_LIMIT_VARIABLE_NUMBER, Connection
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from connectors import registry
from iam.directory.source import Ambiguity
from iam.sources.identity.decide import decide
from tests.kit.worlds.source import Row, World, build, code, row, rows

NAMES = {"etunimet": "Aada Maria", "kutsumanimi": "Aada", "sukunimi": "Laine"}


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    """A source whose rows tell a learner's number, too (in a column for something else), by which people are found."""
    world = build(engine, tmp_path)
    matching: dict[str, Any] = deepcopy(registry.matching("hr"))
    matching["employment"]["identifiers"].append({"kind": "learner-number", "column": "kustannuspaikka"})
    world.change_source(matching=matching, correlate=["identity-code", "learner-number"])
    return world


def told(number: int, *, hetu: str = "", learner: str = "", employment: str | None = None) -> Row:
    return row(number, employment, hetu=hetu, kustannuspaikka=learner, **NAMES)


CHAINS: dict[str, list[Row]] = {
    "1 and 2 one code, 1 and 3 one number": [
        told(1, hetu=code(1), learner="X1"),
        told(2, hetu=code(1)),
        told(3, learner="X1"),
    ],
    "1 and 2 one code, 2 and 3 one number": [
        told(1, hetu=code(1)),
        told(2, hetu=code(1), learner="X1"),
        told(3, learner="X1"),
    ],
    "1 and 2 one number, 2 and 3 another": [
        told(1, learner="X1"),
        told(2, learner="X1"),
        told(2, learner="X2", employment="P2-2"),
        told(3, learner="X2"),
    ],
}


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_three_numbers_that_share_two_by_two_are_one_new_person(world: World, chain: list[Row]) -> None:
    assert world.load(chain).state == "done"
    assert len(set(world.persons().values())) == 1


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
@pytest.mark.parametrize("first", ["1", "2", "3"])
def test_three_numbers_of_which_one_is_known_are_that_person(world: World, chain: list[Row], first: str) -> None:
    world.load([told(int(first))])
    known = world.persons()[first]
    assert world.later(days=1).run(chain).state == "done"
    assert world.persons() == dict.fromkeys(("1", "2", "3"), known)


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
@pytest.mark.parametrize(("one", "other"), list(combinations(("1", "2", "3"), 2)))
def test_a_chain_from_one_known_person_to_another_waits_for_a_human_who_sees_both(
    world: World, chain: list[Row], one: str, other: str
) -> None:
    world.load([told(int(one)), told(int(other))])
    people = world.persons()
    report = world.later(days=1).run(chain)
    assert (report.state, report.counts["ambiguous"]) == ("partial", 3)
    assert world.persons() == people
    asked = world.all(select(Ambiguity.candidates))
    assert [sorted(one) for one in asked] == [sorted(map(str, people.values()))] * 3


OTHERS = {"etunimet": "Kaarina", "kutsumanimi": "Kaarina", "sukunimi": "Virta"}
CONTRADICTIONS: dict[str, list[Row]] = {
    "another code": [told(1, hetu=code(1), learner="X1"), told(2, hetu=code(2), learner="X1")],
    "another name, and no code": [told(1, learner="X1"), told(2, learner="X1") | OTHERS],
    "another name, and one code": [told(1, hetu=code(1), learner="X1"), told(2, learner="X1") | OTHERS],
}


@pytest.mark.parametrize("table", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_two_new_people_who_are_told_one_number_are_nobody_s_until_a_human_says(world: World, table: list[Row]) -> None:
    report = world.load([*table, row(3)])
    assert (report.state, report.counts["ambiguous"]) == ("partial", 2)
    assert list(world.persons()) == ["3"]
    beside = world.all(select(Ambiguity.told).order_by(Ambiguity.person_key))
    assert [told["beside"] for told in beside] == [["2"], ["1"]], "each is shown beside the other"


def test_a_number_that_stands_for_nobody_makes_everybody_wait_each_beside_a_few_others(world: World) -> None:
    world.load(rows(range(20)))
    people = world.persons()
    report = world.later(days=1).run([row(n, kustannuspaikka="0", nimike="Muu") for n in range(20)])
    assert (report.state, report.counts["ambiguous"]) == ("partial", 20)
    asked = dict(world.all(select(Ambiguity.person_key, Ambiguity.candidates)))
    assert all(str(people[key]) in candidates and len(candidates) <= 6 for key, candidates in asked.items())


@pytest.mark.parametrize("table", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_said_to_be_new_people_each_is_one_of_their_own_from_the_next_run_on(world: World, table: list[Row]) -> None:
    world.load([*table, row(3)])
    later = world.later(days=1)
    decide_new(later, "1")
    assert later.run().counts["ambiguous"] == 1
    decide_new(later, "2")
    assert later.later(days=1).run().state == "done"
    people = world.persons()
    assert len({people["1"], people["2"], people["3"]}) == 3
    before = world.facts()
    assert (later.later(days=2).run().state, world.facts()) == ("done", before)


@pytest.mark.parametrize("chosen", ["1", "3"])
def test_whose_a_record_is_that_names_two_is_asked_once_though_its_name_is_a_third(world: World, chosen: str) -> None:
    """Found by what the two are known by, and by what they are told in the same file."""
    world.load([told(1, learner="X1"), told(3, learner="X2") | OTHERS])
    third = {"etunimet": "Oskari", "kutsumanimi": "Oskari", "sukunimi": "Salo"}
    both = [told(2, learner="X1") | third, told(2, learner="X2", employment="P2-2") | third]
    later = world.later(days=1)
    assert later.run([told(1, learner="X1"), told(3, learner="X2") | OTHERS, *both]).counts["ambiguous"] == 1
    person_id = world.persons()[chosen]
    with world.sessions.begin() as session, later.now():
        asked = session.scalars(select(Ambiguity.id)).one()
        decide(session, asked, person_id, world.second)
    assert later.later(days=1).run().counts["ambiguous"] == 0
    assert world.persons()["2"] == person_id


def decide_new(world: World, key: str) -> None:
    """Say that the record under a key is somebody's whom nobody knows yet."""
    with world.sessions.begin() as session, world.now():
        asked = session.scalars(select(Ambiguity.id).where(Ambiguity.person_key == key)).one()
        decide(session, asked, None, world.second)


@pytest.fixture
def few_values(engine: Engine) -> Iterator[None]:
    """SQLite takes 50 values in a statement instead of 30,000."""
    if engine.dialect.name != "sqlite":
        yield
        return
    engine.dialect.insertmanyvalues_page_size, usual = 4, engine.dialect.insertmanyvalues_page_size
    event.listen(engine, "connect", _allow_few)
    engine.dispose()
    yield
    event.remove(engine, "connect", _allow_few)
    engine.dialect.insertmanyvalues_page_size = usual
    engine.dispose()


def _allow_few(connection: Connection, _: object) -> None:
    connection.setlimit(SQLITE_LIMIT_VARIABLE_NUMBER, 50)


@pytest.mark.usefixtures("few_values")
def test_where_every_number_is_somebody_else_s_all_of_them_wait_however_many(world: World) -> None:
    world.load(rows(range(60)))
    report = world.later(days=1).run([row(n) | {"henkilonumero": str(59 - n)} for n in range(60)])
    assert (report.state, report.counts["ambiguous"]) == ("partial", 60)
