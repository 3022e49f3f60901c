"""Every page that administrators of all and of one school can open, each opened several times: which are the
slowest."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session
from werkzeug.routing import Rule

from benchmarks.country.case import Case, Found, share
from benchmarks.country.declared import AGREEMENT, ROOT
from benchmarks.country.deriving import people_of
from benchmarks.country.made import Country
from benchmarks.country.pages import reader_of
from benchmarks.country.town import name, source_of
from iam.access.model.assignment import AdminGrant, Assignment
from iam.access.model.role import Application, Role
from iam.access.model.rule import CodeList, Rule as AccessRule
from iam.change import Change
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation
from iam.directory.source import Run
from iam.oidc.model import Client
from tests.kit.factories.consortium import World
from tests.kit.worlds.admin import Reader, administer

TIMES, ASKED = 8, "95 % in 300 ms"
TABS = ("rights", "facts", "timeline", "signin", "trace", "log")
FIRST, LOCAL = 1, "of a school"
"""The town whose things are opened."""
_FILES = (".csv", ".json", ".yaml")
_SHOWN = 10


def every_page(country: Country) -> list[Found]:
    """Open every page that can be filled from what the country has, and tell the slowest ones."""
    with country.sessions() as session:
        given = _given(session)
    return _slowest_of(country, reader_of(country), given, "of all")


def every_page_of_a_school(country: Country) -> list[Found]:
    """The same for the administrator of a school."""
    with country.sessions() as session:
        given = _given(session)
        school = session.scalars(select(Organisation.id).where(Organisation.key == f"{name(FIRST)}-koulu-1")).one()
        person_id = session.scalars(select(Affiliation.person_id).where(Affiliation.organisation_id == school)).first()
    world = World.over(country.server.url(), country.folder)
    assert person_id is not None
    world.ids.update({LOCAL: person_id, "school": school})
    with country.sessions() as session:
        mine = AdminGrant.person_id == person_id, AdminGrant.organisation_id == school
        is_there = session.scalar(select(AdminGrant.id).where(*mine).limit(1)) is not None
    if not is_there:
        administer(world, LOCAL, "school", "admin")  # type: ignore[arg-type]
    reader = Reader(world, LOCAL, "fi").enter()  # type: ignore[arg-type]
    return _slowest_of(country, reader, given | {"organisation_id": str(school), "person_id": str(person_id)}, LOCAL)


def _slowest_of(country: Country, reader: Reader, given: Mapping[str, str], whose: str) -> list[Found]:
    paths = [(work, path) for work, path in _paths(reader, given) if reader.get(path).status_code == 200]
    # As a worker process of the server: else now and then a page waits until all of the benchmark is searched.
    gc.collect()
    gc.freeze()
    found = [_opened(country, reader, work, path) for work, path in paths]
    found.sort(key=lambda one: -_slowest(one))
    over = sum(_slowest(one) > 300 for one in found)
    return [Found(f"{len(found)} pages of an administrator {whose}", ASKED, None, f"{over} longer"), *found[:_SHOWN]]


def _opened(country: Country, reader: Reader, work: str, path: str) -> Found:
    walls = []
    with country.meter.measure() as whole:
        for _ in range(TIMES):
            began = time.perf_counter()
            reader.get(path)
            walls.append(time.perf_counter() - began)
    return Found(work, ASKED, share(whole, TIMES), f"95 % within {max(walls) * 1000:.0f} ms")


def _slowest(found: Found) -> float:
    return float(found.told.removeprefix("95 % within ").removesuffix(" ms"))


def _paths(reader: Reader, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is opened, with its address; lists as files are left out, for they are as long as the country."""
    rules = [one for one in reader.world.app.url_map.iter_rules() if one.endpoint.startswith("admin.")]
    paths = []
    for rule in sorted(rules, key=lambda one: one.rule):
        values = {argument: _value(rule, argument, given) for argument in rule.arguments}
        if "GET" not in (rule.methods or ()) or rule.rule.endswith(_FILES) or None in values.values():
            continue
        built = rule.build(values)
        assert built is not None
        tabs = [f"?tab={tab}" for tab in TABS] if rule.endpoint == "admin.person" else [""]
        paths += [(rule.rule.removeprefix("/admin/") + tab, built[1] + tab) for tab in tabs]
    return paths


def _value(rule: Rule, argument: str, given: Mapping[str, str]) -> str | None:
    return given.get(f"{rule.rule.split('/')[2]} key" if argument == "key" else argument)


def _given(session: Session) -> dict[str, str]:
    """What the arguments of addresses name: things of the first town, where the country has some."""
    person_id = people_of(session, FIRST, 1)[0]
    first: dict[str, InstrumentedAttribute[object]] = {
        "rules key": AccessRule.key,
        "code-lists key": CodeList.key,
        "run_id": Run.id,
        "grant_id": AdminGrant.id,
        "change_id": Change.id,
        "application": Application.key,
    }
    found = {key: session.scalar(select(column).limit(1)) for key, column in first.items()}
    found |= {
        "person_id": person_id,
        "organisation_id": session.scalar(select(Organisation.id).where(Organisation.key == name(FIRST))),
        "fact_id": session.scalar(select(Affiliation.fact_id).where(Affiliation.person_id == person_id).limit(1)),
        "assignment_id": session.scalar(select(Assignment.id).where(Assignment.person_id == person_id).limit(1)),
        "role": session.scalar(
            select(Role.key)
            .join(Application, Application.id == Role.application_id)
            .where(Application.key == found["application"])
            .limit(1)
        ),
        "client_id": session.scalar(
            select(Client.client_id)
            .join(Application, Application.id == Client.application_id)
            .where(Application.key == found["application"])
            .limit(1)
        ),
        "sources key": source_of(FIRST),
        "agreements key": AGREEMENT,
        "applications key": found["application"],
        "root": ROOT,
        "n": 1,
    }
    found["roles key"] = found.pop("role")
    return {key: str(value) for key, value in found.items() if value is not None}


CASES = (Case("every-page", every_page), Case("every-page-of-a-school", every_page_of_a_school))
