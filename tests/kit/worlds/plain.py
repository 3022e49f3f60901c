"""Small random worlds and rules, described in plain numbers so that a counterexample shrinks, and written as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from hypothesis import strategies as st
from sqlalchemy.orm import Session

from iam.access.model.role import Application, Role, RoleClosure, RoleVersion
from iam.access.model.rule import CodeList
from iam.directory.affiliation import Absence, Affiliation, Group, Membership, Relationship
from iam.directory.organisation import Organisation, OrganisationPlace, OrganisationRelation
from iam.directory.person import Person
from iam.directory.source import Source, SourceOpening
from iam.lifecycle.organisations.commands import rebuild_closure

ORGANISATIONS, PERSONS, GROUPS, SOURCES, LAST_DAY = 4, 3, 2, 2, 6
START = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("employee", "student")
ORGANISATION_KINDS = ("school", "unit")
GROUP_KINDS = ("group", "class")
LINKS = ("guardian_of", "manager_of")
OCCUPATIONS = (None, "a", "b")
OWNER = 0


def at(day: int) -> datetime:
    """The instant of a day of the world."""
    return START + timedelta(days=day)


def id_of(kind: int, number: int) -> UUID:
    """The id of a thing of one kind; the same in every run."""
    return UUID(int=(kind << 64) + number + 1)


def organisation_id(number: int) -> UUID:
    """The id of an organisation."""
    return id_of(1, number)


def person_id(number: int) -> UUID:
    """The id of a person."""
    return id_of(2, number)


Span = tuple[int, int]
WHOLE: Span = (0, LAST_DAY)
spans = st.one_of(
    st.just(WHOLE), st.tuples(st.integers(0, 3), st.integers(1, 3)).map(lambda pair: (pair[0], pair[0] + pair[1]))
)
an_organisation = st.integers(0, ORGANISATIONS - 1)
a_person = st.integers(0, PERSONS - 1)


@dataclass(frozen=True)
class AffiliationSpec:
    """An affiliation; ``open_`` is false for a version that was superseded."""

    person: int
    organisation: int
    kind: str
    occupation: str | None
    primary: bool
    substitute: bool
    span: Span
    open_: bool


@dataclass(frozen=True)
class PlaceSpec:
    """Where an organisation stands; its parent has a smaller number, so that nothing is under itself."""

    parent: int
    entity: int
    span: Span


@dataclass(frozen=True)
class WorldSpec:
    """A world in numbers. ``told_by`` are in turn the sources of the relationships and memberships (0: declared; source n
    belongs to organisation n), ``openings`` what organisations opened to a source."""

    kinds: tuple[str, ...]
    places: tuple[tuple[PlaceSpec, ...], ...]
    affiliations: tuple[AffiliationSpec, ...]
    groups: tuple[tuple[int, str], ...]
    memberships: tuple[tuple[int, int, Span, bool], ...]
    relationships: tuple[tuple[int, int, str, Span, bool], ...]
    covers: tuple[tuple[int, int, Span], ...]
    absences: tuple[tuple[int, Span], ...] = ()
    told_by: tuple[int, ...] = (0,)
    openings: tuple[tuple[int, int, Span], ...] = ()
    continues: tuple[tuple[int, int, Span], ...] = ()


affiliations = st.builds(
    AffiliationSpec,
    a_person,
    an_organisation,
    st.sampled_from(KINDS),
    st.sampled_from(OCCUPATIONS),
    st.booleans(),
    st.booleans(),
    spans,
    st.sampled_from((True, True, True, False)),
)


def some_places(number: int) -> st.SearchStrategy[tuple[PlaceSpec, ...]]:
    """Draw where an organisation stands: at one place, for some time or all of it, or at two in turn."""
    one = st.builds(PlaceSpec, st.integers(0, max(0, number - 1)), st.integers(0, 1), spans)
    whole = st.builds(PlaceSpec, st.integers(0, max(0, number - 1)), st.integers(0, 1), st.just(WHOLE))
    two = st.tuples(st.integers(1, LAST_DAY - 1), one, one).map(
        lambda t: (
            PlaceSpec(t[1].parent, t[1].entity, (0, t[0])),
            PlaceSpec(t[2].parent, t[2].entity, (t[0], LAST_DAY)),
        )
    )
    return st.one_of(st.tuples(whole), st.tuples(whole), st.tuples(one), two)


relationships = st.tuples(
    a_person, a_person, st.sampled_from(LINKS), spans, st.sampled_from((True, True, False))
).filter(lambda r: r[0] != r[1])
worlds = st.builds(
    WorldSpec,
    kinds=st.tuples(*(st.sampled_from(ORGANISATION_KINDS) for _ in range(ORGANISATIONS))),
    places=st.tuples(*(some_places(number) for number in range(ORGANISATIONS))),
    affiliations=st.lists(affiliations, min_size=3, max_size=7).map(tuple),
    groups=st.tuples(*(st.tuples(st.integers(0, 1), st.sampled_from(GROUP_KINDS)) for _ in range(GROUPS))),
    memberships=st.lists(
        st.tuples(a_person, st.integers(0, GROUPS - 1), spans, st.sampled_from((True, True, False))),
        min_size=3,
        max_size=5,
    ).map(tuple),
    relationships=st.lists(relationships, min_size=1, max_size=5).map(tuple),
    covers=st.lists(st.tuples(st.integers(0, 1), an_organisation, spans), min_size=2, max_size=4).map(tuple),
    absences=st.lists(st.tuples(st.integers(0, 5), spans), max_size=3).map(tuple),
    told_by=st.lists(st.integers(0, SOURCES), min_size=1, max_size=3).map(tuple),
    openings=st.lists(st.tuples(st.integers(1, SOURCES), an_organisation, spans), max_size=2).map(tuple),
    continues=st.lists(st.sampled_from(((0, 1), (1, 0))), max_size=2, unique=True).flatmap(
        lambda pairs: st.tuples(*(st.tuples(st.just(one), st.just(other), spans) for one, other in pairs))
    ),
)


def write(session: Session, world: WorldSpec) -> None:
    """Write the world as rows, with one role ``app:role`` and one code list ``codes``."""
    change = id_of(9, 0)
    for number, kind in enumerate(world.kinds):
        names = {f"name_{language}": f"o{number}" for language in ("fi", "sv", "en")}
        session.add(Organisation(id=organisation_id(number), key=f"o{number}", kind=kind, **names))
    session.add_all(Person(id=person_id(number)) for number in range(PERSONS))
    session.flush()
    _write_tree(session, world, change)
    _write_sources(session, world, change)
    _write_links(session, world, change)
    session.add_all(_affiliation(number, spec, change) for number, spec in enumerate(world.affiliations))
    session.add_all(_absence(number, world, spec, change) for number, spec in enumerate(world.absences))
    session.add(CodeList(key="codes", code="a"))
    session.add(Application(id=id_of(3, 0), key="app", owner_id=organisation_id(0), name={}, audience="app"))
    session.flush()
    session.add(Role(id=id_of(4, 0), application_id=id_of(3, 0), key="role"))
    session.flush()
    session.add(RoleVersion(id=id_of(5, 0), role_id=id_of(4, 0), n=1, name={}, enforcement="at use", change_id=change))
    session.add(RoleClosure(role_id=id_of(4, 0), included_id=id_of(4, 0)))
    session.flush()
    rebuild_closure(session)


def _dated(span: Span, change: UUID, open_: bool = True) -> dict[str, Any]:
    return {
        "valid_from": at(span[0]),
        "valid_to": at(span[1]),
        "opened_by": change,
        "closed_by": None if open_ else change,
    }


def _write_tree(session: Session, world: WorldSpec, change: UUID) -> None:
    for number, places in enumerate(world.places):
        for n, place in enumerate(places):
            session.add(
                OrganisationPlace(
                    version_id=id_of(11, number * 10 + n),
                    fact_id=id_of(12, number * 10 + n),
                    organisation_id=organisation_id(number),
                    parent_id=organisation_id(place.parent) if number else None,
                    legal_entity_id=organisation_id(place.entity),
                    **_dated(place.span, change),
                )
            )
    related = [("covers", *one) for one in world.covers] + [("continues", *one) for one in world.continues]
    for number, (kind, one, other, span) in enumerate(related):
        session.add(
            OrganisationRelation(
                version_id=id_of(13, number),
                fact_id=id_of(14, number),
                organisation_id=organisation_id(one),
                kind=kind,
                other_id=organisation_id(other),
                **_dated(span, change),
            )
        )


def _write_sources(session: Session, world: WorldSpec, change: UUID) -> None:
    for number in range(1, SOURCES + 1):
        session.add(
            Source(
                id=id_of(21, number),
                key=f"s{number}",
                connector="memory",
                owner_id=organisation_id(number),
                settings={},
                correlate=[],
                zone="UTC",
                priority=1,
                purpose="",
            )
        )
    session.flush()
    for number, (source, organisation, span) in enumerate(world.openings):
        opened = _dated(span, change)
        session.add(
            SourceOpening(
                id=id_of(22, number),
                source_id=id_of(21, source),
                organisation_id=organisation_id(organisation),
                **opened,
            )
        )


def _write_links(session: Session, world: WorldSpec, change: UUID) -> None:
    for number, (owner, kind) in enumerate(world.groups):
        session.add(
            Group(id=id_of(6, number), organisation_id=organisation_id(owner), key=f"g{number}", kind=kind, name="g")
        )
    session.flush()
    for number, (person, group, span, open_) in enumerate(world.memberships):
        session.add(
            Membership(
                version_id=id_of(15, number),
                fact_id=id_of(16, number),
                person_id=person_id(person),
                group_id=id_of(6, group),
                source_id=_teller(world, number),
                **_dated(span, change, open_),
            )
        )
    for number, (one, other, kind, span, open_) in enumerate(world.relationships):
        session.add(
            Relationship(
                version_id=id_of(17, number),
                fact_id=id_of(18, number),
                person_id=person_id(one),
                other_person_id=person_id(other),
                kind=kind,
                source_id=_teller(world, number),
                **_dated(span, change, open_),
            )
        )


def _teller(world: WorldSpec, number: int) -> UUID | None:
    source = world.told_by[number % len(world.told_by)]
    return id_of(21, source) if source else None


def _affiliation(number: int, spec: AffiliationSpec, change: UUID) -> Affiliation:
    return Affiliation(
        version_id=id_of(7, number),
        fact_id=id_of(8, number),
        person_id=person_id(spec.person),
        organisation_id=organisation_id(spec.organisation),
        kind=spec.kind,
        occupation=spec.occupation,
        is_primary=spec.primary,
        substitute_for="x" if spec.substitute else None,
        **_dated(spec.span, change, spec.open_),
    )


def _absence(number: int, world: WorldSpec, spec: tuple[int, Span], change: UUID) -> Absence:
    of = spec[0] % len(world.affiliations)
    return Absence(
        version_id=id_of(19, number),
        fact_id=id_of(20, number),
        affiliation_fact_id=id_of(8, of),
        person_id=person_id(world.affiliations[of].person),
        **_dated(spec[1], change),
    )


Bind = dict[str, dict[str, Any]]
Step = tuple[Literal["affiliation", "membership", "relationship"], Mapping[str, Any]]


def _some(**conditions: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """None, one or two of the conditions: with more, hardly anything would match."""
    names = st.lists(st.sampled_from(sorted(conditions)), max_size=2, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: conditions[name] for name in chosen}))


a_key = st.one_of(st.just(0), an_organisation).map(lambda number: f"o{number}")
wheres = _some(**{"is": a_key, "kind": st.sampled_from(ORGANISATION_KINDS), "under": a_key})
affiliation_conditions = _some(
    kind=st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True),
    occupation=st.one_of(
        st.just({"in_list": "codes"}), st.lists(st.sampled_from(("a", "b")), min_size=1, max_size=2, unique=True)
    ),
    organisation=wheres,
    primary=st.booleans(),
    substitute=st.booleans(),
)
membership_conditions = _some(
    kind=st.sampled_from(GROUP_KINDS), owner=a_key, source=st.sampled_from([f"s{n}" for n in range(1, SOURCES + 1)])
)
relationship_conditions = st.fixed_dictionaries({"kind": st.sampled_from(LINKS)})
steps = st.one_of(
    st.tuples(st.just("affiliation"), affiliation_conditions),
    st.tuples(st.just("membership"), membership_conditions),
    st.tuples(st.just("relationship"), relationship_conditions),
)


@st.composite
def patterns(draw: st.DrawFn, world: WorldSpec) -> dict[str, Any]:
    """A pattern of valid form that names only what the world holds."""
    bind: Bind = {}
    for name in ("place", "own", "c")[: draw(st.integers(1, 3))]:
        fact, drawn = draw(steps)
        conditions: dict[str, Any] = dict(drawn)
        related = [other for other, bound in bind.items() if "relationship" in bound]
        same = [other for other, bound in bind.items() if "affiliation" in bound]
        if fact == "membership" and draw(st.booleans()):
            group = draw(st.integers(0, GROUPS - 1))
            conditions = conditions | {"group": f"g{group}", "owner": f"o{world.groups[group][0]}"}
        if fact == "affiliation" and related and draw(st.booleans()):
            conditions = conditions | {"of": draw(st.sampled_from(related))}
        if fact == "affiliation" and same and draw(st.booleans()):
            conditions = conditions | {
                "organisation": conditions.get("organisation", {}) | {"same_as": draw(st.sampled_from(same))}
            }
        bind[name] = {fact: conditions}
    affiliated = [name for name, bound in bind.items() if "affiliation" in bound]
    own = any("of" not in bound["affiliation"] for bound in bind.values() if "affiliation" in bound)
    placed = [f"organisation of {name}" for name, bound in bind.items() if "relationship" not in bound]
    areas = [{"covers_of": draw(st.sampled_from(("o0", "o1")))}] if own else []
    scopes: list[Any] = [*placed, {"organisation": draw(a_key)}, *areas]
    pattern: dict[str, Any] = {"bind": bind, "gives": {"role": "app:role", "scope": draw(st.sampled_from(scopes))}}
    if draw(st.booleans()) and affiliated:
        pattern["unless"] = {"absence_of": draw(st.sampled_from(affiliated))}
    return pattern


@st.composite
def cases(draw: st.DrawFn) -> tuple[WorldSpec, list[tuple[dict[str, Any], str]]]:
    """A world, and some rules over it, each with the organisation that owns it."""
    world = draw(worlds)
    owners = st.one_of(st.just("o0"), st.just("o0"), a_key)
    return world, draw(st.lists(st.tuples(patterns(world), owners), min_size=1, max_size=4))
