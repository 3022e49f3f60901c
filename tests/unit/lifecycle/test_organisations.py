"""The dated tree: places, legal entities, the closure over moves, relations; and what does not hold together."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.change import SYSTEM, Change, begin
from iam.database.types import uuid7
from iam.directory.organisation import Organisation, OrganisationClosure, OrganisationPlace
from iam.errors import Invalid
from iam.lifecycle.organisations import commands as organisations
from iam.lifecycle.organisations.tree import Place
from iam.lifecycle.versions import Written

ALWAYS = (clock.LONG_AGO, clock.FOREVER)


def day(text: str) -> datetime:
    """The start of a day in Helsinki."""
    return clock.day_start(date.fromisoformat(text))


MOVE = day("2027-01-01")


class Tree:
    """A root with two cities, each a legal entity, and a school in a unit of the first."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.change = begin(session, "command", SYSTEM)
        self.ids = {key: uuid7() for key in ("root", "a", "b", "unit", "school")}
        names = {"name_fi": "x", "name_sv": "x", "name_en": "x"}
        organisations.add(session, [{"id": id_, "key": key, "kind": "unit"} | names for key, id_ in self.ids.items()])
        self.write(
            root=[(None, True, *ALWAYS)],
            a=[("root", True, *ALWAYS)],
            b=[("root", True, *ALWAYS)],
            unit=[("a", False, *ALWAYS)],
            school=[("unit", False, *ALWAYS)],
        )

    def write(self, **stated: list[tuple[str | None, bool, datetime, datetime]]) -> Written:
        """State all places of the organisations named."""
        self.change = begin(self.session, "command", SYSTEM)
        places = {
            self.ids[key]: [
                Place(self.ids[key], parent and self.ids[parent], own, start, end) for parent, own, start, end in rows
            ]
            for key, rows in stated.items()
        }
        return organisations.write_places(self.session, self.change, places)

    def above(self, key: str) -> dict[str, list[tuple[datetime, datetime]]]:
        """Who is above an organisation, and when."""
        keys = {id_: name for name, id_ in self.ids.items()}
        query = select(OrganisationClosure).where(OrganisationClosure.descendant_id == self.ids[key])
        found: dict[str, list[tuple[datetime, datetime]]] = {}
        for row in self.session.scalars(
            query.order_by(OrganisationClosure.valid_from).execution_options(populate_existing=True)
        ):
            found.setdefault(keys[row.ancestor_id], []).append((row.valid_from, row.valid_to))
        return found

    def entities(self, key: str) -> list[tuple[str, datetime, datetime]]:
        """To which legal entity an organisation belongs, and when."""
        keys = {id_: name for name, id_ in self.ids.items()}
        query = select(OrganisationPlace).where(
            OrganisationPlace.closed_by.is_(None), OrganisationPlace.organisation_id == self.ids[key]
        )
        return [
            (keys[row.legal_entity_id], row.valid_from, row.valid_to)
            for row in self.session.scalars(query.order_by(OrganisationPlace.valid_from))
        ]


@pytest.fixture
def tree(session: Session) -> Tree:
    """The tree in a database of the test's own."""
    return Tree(session)


def moved(tree: Tree) -> Written:
    """Move the unit from the first city to the second."""
    return tree.write(unit=[("a", False, clock.LONG_AGO, MOVE), ("b", False, MOVE, clock.FOREVER)])


def test_every_organisation_is_under_itself_and_all_above_it(tree: Tree) -> None:
    assert tree.above("school") == {key: [ALWAYS] for key in ("root", "a", "unit", "school")}
    assert tree.above("root") == {"root": [ALWAYS]}


def test_a_unit_that_moves_takes_what_is_under_it_along_on_that_day(tree: Tree) -> None:
    moved(tree)
    before, after = (clock.LONG_AGO, MOVE), (MOVE, clock.FOREVER)
    assert tree.above("unit") == {"root": [ALWAYS], "a": [before], "b": [after], "unit": [ALWAYS]}
    assert tree.above("school") == {"root": [ALWAYS], "a": [before], "b": [after], "unit": [ALWAYS], "school": [ALWAYS]}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["unit", "school", "b"]), st.sampled_from(["root", "a", "b", "unit"]), st.integers(1, 900)
        ),
        max_size=6,
    )
)
@example([("b", "a", 1), ("unit", "b", 2)])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_paths_derived_for_what_moved_alone_are_those_derived_for_all(
    session: Session, moves: list[tuple[str, str, int]]
) -> None:
    with session.begin_nested() as trial:
        tree = Tree(session)
        for what, parent, after in moves:
            at = MOVE + timedelta(days=after)
            with suppress(Invalid):
                tree.write(**{what: [("a", False, clock.LONG_AGO, at), (parent, False, at, clock.FOREVER)]})
        alone = paths(session)
        organisations.rebuild_closure(session)
        assert paths(session) == alone
        trial.rollback()


def paths(session: Session) -> list[Any]:
    c = OrganisationClosure
    columns = (c.ancestor_id, c.descendant_id, c.valid_from, c.valid_to)
    return sorted(map(tuple, session.execute(select(*columns))))


def test_the_legal_entity_of_what_is_under_follows_the_move(tree: Tree) -> None:
    moved(tree)
    assert tree.entities("school") == [("a", clock.LONG_AGO, MOVE), ("b", MOVE, clock.FOREVER)]


def test_a_unit_that_comes_back_is_above_its_school_in_two_times(tree: Tree) -> None:
    back = day("2028-01-01")
    tree.write(unit=[("a", False, clock.LONG_AGO, MOVE), ("b", False, MOVE, back), ("a", False, back, clock.FOREVER)])
    assert tree.above("school")["a"] == [(clock.LONG_AGO, MOVE), (back, clock.FOREVER)]
    assert tree.above("school")["b"] == [(MOVE, back)]
    assert tree.above("school")["root"] == [ALWAYS]


def test_an_organisation_that_becomes_a_legal_entity_is_one_from_that_day(tree: Tree) -> None:
    tree.write(unit=[("a", False, clock.LONG_AGO, MOVE), ("a", True, MOVE, clock.FOREVER)])
    assert tree.entities("school") == [("a", clock.LONG_AGO, MOVE), ("unit", MOVE, clock.FOREVER)]
    assert tree.above("school")["a"] == [ALWAYS]


def test_two_organisations_may_change_places_on_one_day(tree: Tree) -> None:
    tree.write(
        unit=[("a", False, clock.LONG_AGO, MOVE), ("school", False, MOVE, clock.FOREVER)],
        school=[("unit", False, clock.LONG_AGO, MOVE), ("a", False, MOVE, clock.FOREVER)],
    )
    assert tree.above("unit")["school"] == [(MOVE, clock.FOREVER)]
    assert tree.above("school")["unit"] == [(clock.LONG_AGO, MOVE)]


def test_stating_the_same_again_writes_nothing(tree: Tree) -> None:
    moved(tree)
    assert moved(tree) == Written(0, 0)


def test_a_move_keeps_what_was_known_and_continues_the_fact(tree: Tree, session: Session) -> None:
    moved(tree)
    rows = session.scalars(select(OrganisationPlace).where(OrganisationPlace.organisation_id == tree.ids["unit"])).all()
    closed = [row for row in rows if row.closed_by is not None]
    assert [(row.closed_by, row.valid_to) for row in closed] == [(tree.change.id, clock.FOREVER)]
    first = next(row for row in rows if row.closed_by is None and row.valid_from == clock.LONG_AGO)
    assert first.fact_id == closed[0].fact_id
    assert first.opened_by == tree.change.id


def test_undisturbed_places_keep_their_versions(tree: Tree, session: Session) -> None:
    before = set(
        session.scalars(select(OrganisationPlace.version_id).where(OrganisationPlace.organisation_id == tree.ids["b"]))
    )
    moved(tree)
    after = set(
        session.scalars(select(OrganisationPlace.version_id).where(OrganisationPlace.organisation_id == tree.ids["b"]))
    )
    assert before == after


def test_an_organisation_that_ends_is_under_nothing_afterwards(tree: Tree) -> None:
    tree.write(school=[("unit", False, clock.LONG_AGO, MOVE)])
    assert {interval for intervals in tree.above("school").values() for interval in intervals} == {
        (clock.LONG_AGO, MOVE)
    }


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"unit": [("school", False, *ALWAYS)]}, "unit would lie under itself from 1900-01-01."),
        ({"unit": [("a", False, clock.LONG_AGO, MOVE)]}, "school would lie under nothing from 2027-01-01."),
        (
            {"unit": [("a", False, *ALWAYS), ("b", False, MOVE, clock.FOREVER)]},
            "unit would stand in two places from 2027-01-01.",
        ),
    ],
)
def test_a_tree_that_does_not_hold_together_is_refused_and_nothing_is_written(
    tree: Tree, stated: dict[str, Any], words: str
) -> None:
    before = tree.above("school")
    with pytest.raises(Invalid) as caught:
        tree.write(**stated)
    assert words in str(caught.value)
    assert tree.above("school") == before


def test_the_closure_never_tells_one_pair_twice_at_a_time(tree: Tree, session: Session) -> None:
    moved(tree)
    tree.write(a=[("root", True, clock.LONG_AGO, day("2029-01-01")), ("b", True, day("2029-01-01"), clock.FOREVER)])
    for key in tree.ids:
        for intervals in tree.above(key).values():
            assert all(earlier[1] < later[0] for earlier, later in pairwise(intervals))


def statements(engine: Engine, run: Callable[[], object]) -> int:
    """How many statements ``run`` sends."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        run()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_a_thousand_schools_take_as_many_statements_as_ten(engine: Engine, session: Session) -> None:
    counts = []
    for number in (10, 1000):
        change = begin(session, "command", SYSTEM)
        ids = [uuid7() for _ in range(number)]
        root = uuid7()
        counts.append(statements(engine, lambda i=ids, c=change, r=root: add_schools(session, c, r, i)))  # type: ignore[misc]
    assert counts[0] == counts[1]
    assert session.scalar(select(func.count()).select_from(OrganisationClosure)) == 1010 * 2 + 2


def add_schools(session: Session, change: Change, root: UUID, ids: list[UUID]) -> None:
    """Add a root and schools under it."""
    names = {"kind": "school", "name_fi": "x", "name_sv": "x", "name_en": "x"}
    organisations.add(session, [{"id": id_, "key": str(id_)} | names for id_ in (root, *ids)])
    stated = {root: [Place(root, None, True, *ALWAYS)]} | {id_: [Place(id_, root, False, *ALWAYS)] for id_ in ids}
    organisations.write_places(session, change, stated)


def test_relations_are_stated_by_pair_and_corrected_as_one_fact(tree: Tree, session: Session) -> None:
    pair = (tree.ids["a"], "owns", tree.ids["b"])
    other = (tree.ids["b"], "covers", tree.ids["a"])
    organisations.write_relations(session, tree.change, {pair: [ALWAYS], other: [ALWAYS]})
    assert organisations.write_relations(session, tree.change, {pair: [ALWAYS]}) == Written(0, 0)
    assert organisations.write_relations(session, tree.change, {pair: [(MOVE, clock.FOREVER)]}) == Written(1, 1)
    assert organisations.relations(session) == {pair: [(MOVE, clock.FOREVER)], other: [ALWAYS]}


def test_other_names_are_written_for_a_whole_set(tree: Tree, session: Session) -> None:
    organisations.amend(
        session, [{"id": tree.ids["a"], "name_fi": "Toinen"}, {"id": tree.ids["b"], "name_fi": "Kolmas"}]
    )
    found = dict(session.execute(select(Organisation.key, Organisation.name_fi)).all())
    assert (found["a"], found["b"], found["unit"]) == ("Toinen", "Kolmas", "x")
