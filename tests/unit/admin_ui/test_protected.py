"""Where a protected person is: no page, filter, file or form tells it to who may not see identity codes there.

Everybody with every other permission over two schools walks twice over all there is, with the person once in the one
school and once in the other. Whatever differs, tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from iam import clock
from iam.access.administration import PERMISSIONS
from iam.access.model.assignment import Assignment
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.person import Identifier, PersonProfile
from iam.plans.plan import PlanEffect
from tests.kit.factories import consortium
from tests.kit.worlds import catalogue, wide
from tests.kit.worlds.admin import Reader, World, administer, employ, person
from tests.kit.worlds.wide import fill, routes, said

SCHOOLS = ("KOIVU", "RANTA")
TABS = ("rights", "facts", "timeline", "signin", "trace", "seen")
RULE = {"fact": "affiliation", "kinds": "student", "role": "wilma:opettaja", "scope": "own", "name_fi": "Kokeilu"}


@pytest.fixture
def here(world: World) -> World:
    """The world with siiri, a protected pupil of KOIVU, gunnar, who is her guardian, and mansi over both schools."""
    for key in SCHOOLS:
        catalogue.source(world, f"{key.lower()}-syote", key)
        catalogue.rule(world, f"{key.lower()}-saanto", key)
        world.write(group := Group(organisation_id=world.ids[key], key="7X", kind="class", name=f"7X {key}"))
        world.ids[f"7X {key}"] = group.id
        plan = catalogue.plan(world, f"{key.lower()}-syote")
        world.ids.update(
            {f"plan {key}": plan.id, f"run {key}": catalogue.run(world, f"{key.lower()}-syote", plan_id=plan.id).id}
        )
    consortium.client(world, "wilma", "wilma")
    person(world, "siiri", "Suojattu", protected=True)
    employ(world, "siiri", "KOIVU", None, kind="student", valid_to=clock.now() + timedelta(days=7))
    person(world, "gunnar", "Valvoja")
    for other in ("oppi", "lapsi"):
        person(world, other, other.title())
        employ(world, other, "KOIVU" if other == "oppi" else "RANTA", None, kind="student")
    _ties(world)
    _rights(world)
    person(world, "mansi", "Mansikka")
    administer(world, "mansi", "MANSIKKALA", *(set(PERMISSIONS) - {"admin", "persons.code"}))
    return world


def _ties(world: World) -> None:
    tie = Relationship(
        person_id=world.ids["gunnar"], kind="guardian_of", other_person_id=world.ids["siiri"], **world.lasting()
    )
    member = Membership(group_id=world.ids["7X KOIVU"], person_id=world.ids["siiri"], **world.lasting())
    number = Identifier(
        person_id=world.ids["siiri"], kind="learner-number", issuer="koulu", value="12345", **world.lasting()
    )
    world.write(tie, member, number)
    world.ids.update({"tie": tie.fact_id, "tie v": tie.version_id})


def _rights(world: World) -> None:
    world.write(
        wide.by_rule(world, "siiri", "KOIVU", "koivu-saanto", capacity_kind="student"),
        wide.by_rule(
            world,
            "siiri",
            "KOIVU",
            "koivu-saanto",
            person_id=world.ids["gunnar"],
            capacity_id=world.ids["tie"],
            capacity_kind="guardian",
            fact_1=world.ids["tie v"],
            fact_2=world.ids["siiri KOIVU v"],
        ),
        catalogue.effect(
            world,
            world.ids["plan KOIVU"],
            "start",
            world.ids["KOIVU"],
            person_id=world.ids["siiri"],
            affiliation_kind="student",
        ),
        catalogue.effect(
            world,
            world.ids["plan KOIVU"],
            "gain",
            world.ids["KOIVU"],
            person_id=world.ids["gunnar"],
            role_id=world.ids["opettaja"],
            affiliation_kind=None,
        ),
    )
    for who, at, kind, place in (("siiri", "siiri KOIVU", "student", "KOIVU"), ("gunnar", "tie", "guardian", "")):
        step = {"step": "capacity", "id": str(world.ids[at]), "kind": kind, "organisation": place, "enters": True}
        world.write(wide.attempt(world, who, step))


def move(world: World, there: str) -> None:
    """Have everything that tells of siiri tell that she is in the other school, as if it always had."""
    ids, small = world.ids, there.lower()
    version_id = wide.version_of(world, f"{small}-saanto")
    rights = update(Assignment).where(Assignment.person_id.in_([ids["siiri"], ids["gunnar"]]))
    with world.transaction() as session:
        session.execute(
            update(Affiliation)
            .where(Affiliation.person_id == ids["siiri"])
            .values(organisation_id=ids[there], source_id=ids[f"{small}-syote"])
        )
        session.execute(
            update(Membership).where(Membership.person_id == ids["siiri"]).values(group_id=ids[f"7X {there}"])
        )
        for model in (Relationship, Identifier, PersonProfile):
            mine = model.person_id.in_([ids["siiri"], ids["gunnar"]])
            session.execute(update(model).where(mine).values(source_id=ids[f"{small}-syote"]))
        session.execute(rights.values(scope_id=ids[there], rule_version_id=version_id))
        session.execute(update(PlanEffect).values(organisation_id=ids[there], plan_id=ids[f"plan {there}"]))


def looked(world: World) -> Iterator[str]:
    """Yield every address there is to look at, with both schools and all that they own, and every value of every
    filter."""
    ids = {name: str(id_) for name, id_ in world.ids.items()}
    for key in SCHOOLS:
        small, who = key.lower(), ids["siiri"]
        things = wide.named_things(
            who, UNUSED, ids[key], "wilma", "opettaja", f"{small}-saanto", "", f"{small}-syote", ids[f"run {key}"]
        )
        for rule in routes(world, "GET"):
            if rule.endpoint not in ELSEWHERE:
                yield fill(rule, things)
    for who, tab in product(("siiri", "gunnar", "oppi"), TABS):
        yield f"/admin/persons/{ids[who]}?tab={tab}"
    for who in ("siiri", "gunnar"):
        yield f"/admin/persons/{ids[who]}?why_not=wilma:opettaja"
        yield f"/admin/persons/{ids[who]}/rights.csv"
        yield f"/admin/persons/{ids[who]}/trace.csv"
        yield f"/admin/applications/wilma/token?person={ids[who]}"
        yield f"/admin/applications/wilma/token?q={who}"
    kinds, changes = ("", "student", "employee", "guardian"), ("", "starts", "ends", "came", "went")
    for path, organisation, kind, coming in product(("persons", "persons.csv"), SCHOOLS, kinds, changes):
        yield f"/admin/{path}?" + urlencode({"organisation": ids[organisation], "kind": kind, "coming": coming})
    for path, kind, coming in product(("persons", "persons.csv"), kinds, changes):
        yield f"/admin/{path}?" + urlencode({"kind": kind, "coming": coming})
    for text in ("suojattu", "12345", "valvoja"):
        yield f"/admin/persons?q={text}"
    for name, key in product(("koivu", "ranta"), ("rules", "sources", "organisations")):
        yield f"/admin/{key}?q={name}"


UNUSED = wide.UNKNOWN
ELSEWHERE = frozenset({"admin.log_file", "admin.agreement", "admin.under_file"})
"""The log grows by being read, and there is no agreement of these schools."""


def tried(world: World) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the forms that count people or try something on one of them."""
    for key, who in product(SCHOOLS, ("siiri", "gunnar")):
        form = RULE | {"owner": "MANSIKKALA", "place_is": key, "person": who, "person_id": str(world.ids[who])}
        for act in ("preview", "test"):
            yield "/admin/rules/new", form | {"act": act}


def walked(world: World, reader: Reader) -> dict[str, str]:
    found = {path: said(reader.get(path)) for path in looked(world)}
    for path, form in tried(world):
        found[f"{path} {sorted(form.items())}"] = said(reader.force(path, **form))
    return found


def test_wherever_a_protected_pupil_is_every_page_file_filter_and_trial_says_the_same(
    here: World, reader: Callable[[str], Reader]
) -> None:
    mansi = reader("mansi")
    with clock.fixed(clock.now()):
        move(here, "KOIVU")
        one = walked(here, mansi)
        move(here, "RANTA")
        other = walked(here, mansi)
    assert [path for path in one if one[path] != other[path]] == []
    assert any("Suojattu" in text for text in one.values())
    assert any("Oppi" in text for path, text in one.items() if "preview" in path)


def test_the_walk_sees_where_somebody_is_who_is_not_protected(here: World, reader: Callable[[str], Reader]) -> None:
    with here.transaction() as session:
        session.execute(update(PersonProfile).values(protected=False))
    mansi, ids = reader("mansi"), here.ids
    paths = [
        "/admin/persons",
        f"/admin/persons/{ids['gunnar']}?tab=rights",
        "/admin/roles/wilma/opettaja",
        "/admin/organisations.csv",
    ]
    paths += [f"/admin/runs/{ids['run KOIVU']}/effects.csv", f"/admin/persons?organisation={ids['KOIVU']}"]
    move(here, "KOIVU")
    one = {path: said(mansi.get(path)) for path in paths}
    move(here, "RANTA")
    assert [path for path in paths if one[path] == said(mansi.get(path))] == []


def test_who_may_see_identity_codes_in_the_one_school_learns_who_is_there_and_no_more(
    here: World, reader: Callable[[str], Reader]
) -> None:
    administer(here, "mansi", "KOIVU", "persons.code")
    mansi, siiri = reader("mansi"), f"/admin/persons/{here.ids['siiri']}"
    for there, sees in (("KOIVU", True), ("RANTA", False)):
        move(here, there)
        found: dict[str, Any] = {
            "filter": "Suojattu" in mansi.get(f"/admin/persons?organisation={here.ids[there]}").text,
            "holders": "Suojattu" in mansi.get("/admin/roles/wilma/opettaja/holders.csv").text,
            "rights": f"{there.title()} en"
            in mansi.get(f"{siiri}?tab=rights").text.split("<h2")[1].split("Why not?")[0],
            "guardian": "Valvoja" in mansi.get("/admin/roles/wilma/opettaja/holders.csv").text,
        }
        assert found == dict.fromkeys(found, sees), there


def test_a_former_name_finds_nobody(here: World, reader: Callable[[str], Reader]) -> None:
    here.write(
        PersonProfile(
            person_id=here.ids["siiri"],
            family_name="Entinen",
            valid_from=clock.LONG_AGO,
            valid_to=clock.FOREVER,
            opened_by=here.ids["change"],
            closed_by=here.ids["change"],
            protected=True,
        )
    )
    mansi = reader("mansi")
    for path in ("persons?q=entinen", "persons.csv?q=entinen", "applications/wilma/token?q=entinen"):
        assert "Suojattu" not in mansi.get(f"/admin/{path}").text


def test_another_employers_number_finds_no_protected_person(here: World, reader: Callable[[str], Reader]) -> None:
    catalogue.source(here, "vieras-syote", "MUSTIKKALA")
    for who in ("siiri", "oppi"):
        number = Identifier(
            person_id=here.ids[who],
            kind="employee-number",
            issuer="vieras",
            value=f"778899-{who}",
            source_id=here.ids["vieras-syote"],
            **here.lasting(),
        )
        here.write(number)
    mansi = reader("mansi")
    found = {who: who.title() in mansi.get(f"/admin/persons?q=778899-{who}").text for who in ("siiri", "oppi")}
    assert found == {"siiri": False, "oppi": True}
