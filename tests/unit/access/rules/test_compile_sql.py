"""A rule's SELECT and the Python matcher say the same, whatever the rule and the facts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import Engine, Subquery, select
from sqlalchemy.orm import Session

from iam.access.model.assignment import NIL
from iam.access.rules import match, world
from iam.access.rules.compile_sql import Limits, compile_rule
from iam.access.rules.facts import Span
from iam.access.rules.match import Match
from iam.access.rules.names import Names
from iam.access.rules.naming import load
from iam.access.rules.pattern import parse
from iam.directory.person import Person
from tests.kit.worlds import plain as worlds
from tests.kit.worlds.plain import PERSONS, WHOLE, AffiliationSpec, PlaceSpec, WorldSpec

VERSION = UUID(int=77)
Rules = list[tuple[dict[str, Any], str]]


def quick(engine: Engine, most: int = 40) -> settings:
    """Few examples where each costs a trip to a server; the same ones in every run."""
    return settings(
        max_examples=most if engine.dialect.name == "sqlite" else most // 5,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def written(engine: Engine, spec: WorldSpec) -> Iterator[Session]:
    """A session in which the world is written; nothing of it stays."""
    with Session(engine) as session:
        worlds.write(session, spec)
        yield session
        session.rollback()


def rows_of(
    session: Session, pattern: dict[str, Any], owner: UUID, names: Names, persons: Subquery | None = None
) -> list[Match]:
    """The rows of the rule's SELECT, as the matcher would say them."""
    parsed, problems = parse(pattern)
    assert parsed is not None, problems
    return [
        Match(
            row.person_id,
            row.capacity_id,
            row.scope_id,
            row.holder_entity_id,
            row.scope_entity_id,
            row.occupation,
            bool(row.by_clause),
            row.absence_of,
            (row.fact_1, row.fact_2, row.fact_3, row.fact_4),
            row.place_id,
            Span(row.valid_from, row.valid_to),
        )
        for row in session.execute(
            compile_rule(parsed, owner, VERSION, names, None if persons is None else Limits(persons))
        )
    ]


def matches_of(session: Session, pattern: dict[str, Any], owner: UUID, names: Names, person_id: UUID) -> set[Match]:
    """What the matcher finds for a person."""
    parsed, problems = parse(pattern)
    assert parsed is not None, problems
    return match.matches(parsed, owner, names, world.facts(session, person_id), world.world(session))


def test_the_select_gives_the_rows_that_the_matcher_finds_for_each_person(engine: Engine) -> None:
    @quick(engine)
    @given(worlds.cases())
    def holds(case: tuple[WorldSpec, Rules]) -> None:
        spec, rules = case
        with written(engine, spec) as session:
            names, persons = load(session), [worlds.person_id(number) for number in range(PERSONS)]
            for pattern, owner in rules:
                owner_id = names.organisations[owner]
                rows = rows_of(session, pattern, owner_id, names)
                for person_id in persons:
                    found = matches_of(session, pattern, owner_id, names, person_id)
                    assert {row for row in rows if row.person_id == person_id} == found
                assert len(rows) == len(set(rows))

    holds()


def test_a_select_limited_to_persons_gives_their_rows_and_nobody_elses(engine: Engine) -> None:
    @quick(engine, 10)
    @given(worlds.cases())
    def holds(case: tuple[WorldSpec, Rules]) -> None:
        spec, rules = case
        one = worlds.person_id(0)
        with written(engine, spec) as session:
            names = load(session)
            only = select(Person.id.label("person_id")).where(Person.id == one).subquery()
            for pattern, owner in rules[:1]:
                owner_id = names.organisations[owner]
                every = rows_of(session, pattern, owner_id, names)
                assert set(rows_of(session, pattern, owner_id, names, only)) == {
                    row for row in every if row.person_id == one
                }

    holds()


ONE_TEACHER = WorldSpec(
    kinds=("unit", "school", "school", "unit"),
    places=((PlaceSpec(0, 0, WHOLE),), (PlaceSpec(0, 0, WHOLE),), (), ()),
    affiliations=(AffiliationSpec(0, 1, "employee", "a", True, False, (1, 4), True),),
    groups=((0, "group"), (1, "class")),
    memberships=((0, 0, (0, 3), True),),
    relationships=(),
    covers=((0, 1, (2, 6)),),
)


def teacher(
    person: int, organisation: int, kind: str = "employee", occupation: str | None = "a", **values: bool
) -> AffiliationSpec:
    """An affiliation all the time."""
    primary, substitute, open_ = (values.get(name, name == "open_") for name in ("primary", "substitute", "open_"))
    return AffiliationSpec(person, organisation, kind, occupation, primary, substitute, WHOLE, open_)


MANY = replace(
    ONE_TEACHER,
    places=((PlaceSpec(0, 0, WHOLE),), (PlaceSpec(0, 0, WHOLE),), (PlaceSpec(1, 0, WHOLE),), (PlaceSpec(0, 0, WHOLE),)),
    affiliations=(
        teacher(0, 1),
        teacher(0, 2, "student"),
        teacher(1, 3, occupation="b"),
        teacher(1, 2, occupation=None),
        teacher(2, 1, primary=True),
        teacher(2, 3, "student", substitute=True),
        teacher(2, 1, open_=False),
    ),
    memberships=((0, 0, WHOLE, True), (1, 1, WHOLE, True), (2, 0, WHOLE, False)),
    relationships=(
        (0, 1, "guardian_of", WHOLE, True),
        (1, 2, "manager_of", WHOLE, True),
        (2, 0, "guardian_of", WHOLE, False),
    ),
)
CONDITIONS: list[tuple[dict[str, Any], set[int]]] = [
    ({}, {0, 1, 2, 3, 4, 5}),
    ({"kind": "student"}, {1, 5}),
    ({"kind": ["student", "employee"]}, {0, 1, 2, 3, 4, 5}),
    ({"occupation": "b"}, {2}),
    ({"occupation": ["a", "b"]}, {0, 1, 2, 4, 5}),
    ({"occupation": {"in_list": "codes"}}, {0, 1, 4, 5}),
    ({"primary": True}, {4}),
    ({"primary": False}, {0, 1, 2, 3, 5}),
    ({"substitute": True}, {5}),
    ({"substitute": False}, {0, 1, 2, 3, 4}),
    ({"organisation": "o2"}, {1, 3}),
    ({"organisation": {"is": "o1"}}, {0, 4}),
    ({"organisation": {"under": "o1"}}, {0, 1, 3, 4}),
    ({"organisation": {"kind": "unit"}}, {2, 5}),
    ({"organisation": {"kind": "school", "under": "o1"}, "kind": "employee", "primary": False}, {0, 3}),
]


def test_each_condition_on_an_affiliation_means_what_it_says(engine: Engine) -> None:
    with written(engine, MANY) as session:
        names, owner_id = load(session), worlds.organisation_id(0)
        for conditions, expected in CONDITIONS:
            pattern = {
                "bind": {"a": {"affiliation": conditions}},
                "gives": {"role": "app:role", "scope": "organisation of a"},
            }
            rows = set(rows_of(session, pattern, owner_id, names))
            assert {row.capacity_id.int - worlds.id_of(8, 0).int for row in rows} == expected, conditions
            found = [
                matches_of(session, pattern, owner_id, names, worlds.person_id(number)) for number in range(PERSONS)
            ]
            assert set().union(*found) == rows, conditions


JOINED: list[tuple[dict[str, Any], set[tuple[int, ...]]]] = [
    ({"m": {"membership": {}}, "a": {"affiliation": {}}}, {(0, 0), (0, 1), (1, 2), (1, 3)}),
    ({"m": {"membership": {"kind": "class"}}, "a": {"affiliation": {}}}, {(1, 2), (1, 3)}),
    ({"m": {"membership": {"group": "g0", "owner": "o0"}}, "a": {"affiliation": {}}}, {(0, 0), (0, 1)}),
    ({"m": {"membership": {"owner": "o1"}}, "a": {"affiliation": {}}}, {(1, 2), (1, 3)}),
    ({"r": {"relationship": {"kind": "guardian_of"}}, "a": {"affiliation": {"of": "r"}}}, {(0, 2), (0, 3)}),
    ({"r": {"relationship": {"kind": "manager_of"}}, "a": {"affiliation": {"of": "r", "kind": "student"}}}, {(1, 5)}),
    ({"r": {"relationship": {"kind": "guardian_of"}}, "a": {"affiliation": {}}}, {(0, 0), (0, 1)}),
    ({"a": {"affiliation": {"kind": "student"}}, "b": {"affiliation": {"kind": "employee"}}}, {(1, 0), (5, 4)}),
    (
        {"a": {"affiliation": {"primary": False}}, "b": {"affiliation": {"organisation": {"same_as": "a"}}}},
        {(n, n) for n in (0, 1, 2, 3, 5)},
    ),
]


def test_facts_are_joined_by_person_by_relationship_and_by_organisation(engine: Engine) -> None:
    with written(engine, MANY) as session:
        names, owner_id = load(session), worlds.organisation_id(0)
        for bind, expected in JOINED:
            pattern = {"bind": bind, "gives": {"role": "app:role", "scope": f"organisation of {list(bind)[-1]}"}}
            rows = set(rows_of(session, pattern, owner_id, names))
            # Versions of each kind are numbered from a base of their own.
            assert {tuple(version.int % (1 << 64) - 1 for version in row.facts[:2]) for row in rows} == expected, bind
            found = [
                matches_of(session, pattern, owner_id, names, worlds.person_id(number)) for number in range(PERSONS)
            ]
            assert set().union(*found) == rows, bind


def one_row(engine: Engine, pattern: dict[str, Any]) -> Match:
    """The only row of a rule over ``ONE_TEACHER``, and of the matcher."""
    with written(engine, ONE_TEACHER) as session:
        names = load(session)
        owner_id = worlds.organisation_id(0)
        (row,) = rows_of(session, pattern, owner_id, names)
        assert matches_of(session, pattern, owner_id, names, worlds.person_id(0)) == {row}
    return row


def test_a_row_tells_capacity_scope_entities_and_the_versions_it_rests_on(engine: Engine) -> None:
    pattern = {
        "bind": {"a": {"affiliation": {"kind": "employee", "organisation": {"kind": "school", "under": "o0"}}}},
        "unless": {"absence_of": "a"},
        "gives": {"role": "app:role", "scope": "organisation of a"},
    }
    fact = worlds.id_of(8, 0)
    assert one_row(engine, pattern) == Match(
        worlds.person_id(0),
        fact,
        worlds.organisation_id(1),
        worlds.organisation_id(0),
        worlds.organisation_id(0),
        "a",
        False,
        fact,
        (worlds.id_of(7, 0), NIL, NIL, NIL),
        worlds.id_of(11, 10),
        Span(worlds.at(1), worlds.at(4)),
    )


def test_a_member_holds_the_right_by_an_affiliation_of_the_groups_organisation(engine: Engine) -> None:
    pattern = {
        "bind": {"m": {"membership": {"kind": "group"}}},
        "gives": {"role": "app:role", "scope": "organisation of m"},
    }
    row = one_row(engine, pattern)
    assert (row.capacity_id, row.facts[:2]) == (worlds.id_of(8, 0), (worlds.id_of(15, 0), worlds.id_of(7, 0)))
    assert (row.scope_id, row.span) == (worlds.organisation_id(0), Span(worlds.at(1), worlds.at(3)))


def test_a_right_in_an_area_holds_in_what_the_area_covers_then(engine: Engine) -> None:
    pattern = {"bind": {"a": {"affiliation": {}}}, "gives": {"role": "app:role", "scope": {"covers_of": "o0"}}}
    row = one_row(engine, pattern)
    assert (row.scope_id, row.facts[1]) == (worlds.organisation_id(1), worlds.id_of(13, 0))
    assert row.span == Span(worlds.at(2), worlds.at(4))
