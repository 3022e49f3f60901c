"""A small OneRoster bundle that the test writes, the source ``primus`` that reads it or asks a
simulated school system for the same, and what is then known of its people."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from connectors.oneroster.files import FILES
from connectors.oneroster.version_1_1 import FILES_1_1
from connectors.sds import files as sds_files
from connectors.simulators.oneroster import Roster, Simulator
from connectors.simulators.oneroster.roster import reference
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.organisation import Organisation
from iam.directory.person import Identifier
from iam.directory.source import Source
from iam.sources.report import Report
from tests.kit.feeds.exhibits import rest_settings
from tests.kit.worlds import source as source_world
from tests.kit.worlds.source import World
from tests.kit.worlds.source_kept import People

Table = list[dict[str, str]]
OF_SCHOOLS = Identifier.kind.in_(("oneroster-id", "sds-id"))
"""What persons are known by in a school system, whichever it speaks."""
COLUMNS = {file.name: file.layout.columns for file in FILES}


def pupil(key: str, agents: str = "", **values: str) -> dict[str, str]:
    return {"sourcedId": key, "givenName": key.title(), "familyName": "Esimerkki", "agentSourcedIds": agents} | values


def student(key: str, user: str, org: str = "org-k", **values: str) -> dict[str, str]:
    return {
        "sourcedId": key,
        "userSourcedId": user,
        "roleType": "primary",
        "role": "student",
        "orgSourcedId": org,
    } | values


def enrolled(key: str, user: str, class_: str, **values: str) -> dict[str, str]:
    return {
        "sourcedId": key,
        "userSourcedId": user,
        "classSourcedId": class_,
        "role": "student",
        "schoolSourcedId": "org-k",
    } | values


ROSTER: dict[str, Table] = {
    "orgs": [
        {"sourcedId": "org-k", "name": "K", "type": "school", "identifier": "KOIVU"},
        {"sourcedId": "org-r", "name": "R", "type": "school", "identifier": "RANTA"},
    ],
    "users": [pupil("oona", "hilla,hannu"), pupil("ville", "hilla"), pupil("hilla"), pupil("hannu"), pupil("ope")],
    "roles": [student("r1", "oona"), student("r2", "ville"), student("r3", "ope", role="teacher")],
    "classes": [
        {"sourcedId": "1a", "title": "1A", "schoolSourcedId": "org-k"},
        {"sourcedId": "2b", "title": "2B", "schoolSourcedId": "org-k"},
    ],
    "enrollments": [
        enrolled("e1", "oona", "1a"),
        enrolled("e2", "ville", "2b", beginDate="2026-08-10", endDate="2027-06-05"),
    ],
}


def sds_user(key: str, **values: str) -> dict[str, str]:
    return {"sourcedId": key, "username": f"{key}@edu", "givenName": key.title(), "familyName": "Esimerkki"} | values


def sds_role(user: str, role: str = "student", org: str = "KOIVU", **values: str) -> dict[str, str]:
    return {"userSourcedId": user, "role": role, "orgSourcedId": org, "isPrimary": "true"} | values


def related(user: str, contact: str, role: str = "guardian") -> dict[str, str]:
    return {"userSourcedId": user, "relationshipUserSourcedId": contact, "relationshipRole": role}


SDS: dict[str, Table] = {
    "orgs": [{"sourcedId": key, "name": key, "type": "school"} for key in ("KOIVU", "RANTA")],
    "users": [sds_user(key) for key in ("oona", "ville", "hilla", "hannu", "ope")],
    "roles": [
        sds_role("oona"),
        sds_role("ville"),
        sds_role("ope", "teacher", roleStartDate="2026-08-01"),
        sds_role("ope", "teacher", "RANTA", isPrimary="false", roleStartDate="2026-08-01", roleEndDate="2026-12-31"),
    ],
    "classes": [{"sourcedId": key, "title": key.upper(), "orgSourcedId": "KOIVU"} for key in ("1a", "2b")],
    "enrollments": [
        {"classSourcedId": "1a", "userSourcedId": "oona", "role": "student"},
        {"classSourcedId": "2b", "userSourcedId": "ville", "role": "student"},
    ],
    "relationships": [related("oona", "hilla", "parent"), related("oona", "hannu"), related("ville", "hilla")],
}


def build(engine: Engine, folder: Path) -> World:
    """The world of ``source_world`` with a roster source ``primus`` besides, which it runs."""
    return source_world.built(engine, folder, "roster", lambda session: _fill(session, "oneroster")).of("primus")


def build_sds(engine: Engine, folder: Path) -> World:
    """The same, whose source reads files of School Data Sync."""
    return source_world.built(engine, folder, "sds", lambda session: _fill(session, "sds")).of("primus")


def _fill(session: Session, connector: str) -> People:
    people = source_world.fill(session)
    owner, settings = people.ids["mansikkala"], {"path": "bundle"}
    session.add(source_world.owned("primus", connector, owner, settings, purpose="perusopetus"))
    return people


def write(world: World, **tables: Table) -> None:
    """Write the bundle; a table that is given takes the place of the usual one."""
    _write(world, "1.2", COLUMNS, ROSTER | tables)


def write_old(world: World, **tables: Table) -> None:
    """Write the same roster as a bundle of OneRoster 1.1."""
    told = ROSTER | tables
    roles = {one["userSourcedId"]: one["role"] for one in told["roles"]}
    orgs = {
        user: ",".join(one["orgSourcedId"] for one in told["roles"] if one["userSourcedId"] == user) for user in roles
    }
    users = [
        one | {"role": roles.get(one["sourcedId"], "guardian"), "orgSourcedIds": orgs.get(one["sourcedId"], "")}
        for one in told["users"]
    ]
    columns = {file.name: file.layout.columns for file in FILES_1_1}
    _write(world, "1.1", columns, {name: told[name] for name in told if name != "roles"} | {"users": users})


def _write(world: World, version: str, columns: Mapping[str, tuple[str, ...]], tables: dict[str, Table]) -> None:
    folder = world.folder / "bundle"
    folder.mkdir(exist_ok=True)
    lines = ["propertyName,value", "manifest.version,1.0", f"oneroster.version,{version}"]
    lines += [f"file.{name},{'bulk' if name in tables else 'absent'}" for name in sorted(columns)]
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    for name, table in tables.items():
        _write_table(folder / f"{name}.csv", columns[name], table)


def _write_table(path: Path, columns: Sequence[str], table: Table) -> None:
    quoted = (",".join(f'"{one.get(column, "")}"' for column in columns) for one in table)
    path.write_text("".join(f"{line}\n" for line in (",".join(columns), *quoted)))


def write_sds(world: World, **tables: Table | None) -> None:
    """Write the bundle of School Data Sync; a table that is given takes the place of the usual one, None leaves it
    out."""
    folder = world.folder / "bundle"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    columns = {file.name: file.columns for file in sds_files.FILES}
    for name, table in {**SDS, **tables}.items():
        if table is not None:
            _write_table(folder / f"{name}.csv", columns[name], table)


def load(world: World, **tables: Table) -> Report:
    write(world, **tables)
    return world.load()


def run(world: World, days: int, **tables: Table) -> Report:
    write(world, **tables)
    return world.later(days=days).run()


def person(world: World, key: str) -> Any:
    return world.scalar(select(Identifier.person_id).where(OF_SCHOOLS, Identifier.value == key))


def members(world: World, days: int = 0) -> list[tuple[str, str]]:
    """Class and pupil of the memberships that hold so many days later."""
    m, at = Membership, world.later(days=days, minutes=1).at
    query = (
        select(Group.key, Identifier.value)
        .join(m, m.group_id == Group.id)
        .join(Identifier, (Identifier.person_id == m.person_id) & OF_SCHOOLS)
        .where(m.closed_by.is_(None), m.valid_from <= at, m.valid_to > at)
    )
    return sorted(world.all(query))


def guardians(world: World, days: int = 0) -> list[tuple[str, str]]:
    """Guardian and pupil of the relationships that hold so many days later."""
    r, at = Relationship, world.later(days=days, minutes=1).at
    held = world.all(
        select(r.person_id, r.other_person_id).where(
            r.closed_by.is_(None), r.kind == "guardian_of", r.valid_from <= at, r.valid_to > at
        )
    )
    names = dict(world.all(select(Identifier.person_id, Identifier.value).where(OF_SCHOOLS)))
    return sorted((names[one], names[other]) for one, other in held)


def pupils(world: World, days: int = 0) -> list[tuple[str, str]]:
    """Pupil and school of the affiliations that hold so many days later."""
    a, at = Affiliation, world.later(days=days, minutes=1).at
    query = (
        select(Identifier.value, Organisation.key)
        .join(a, a.person_id == Identifier.person_id)
        .join(Organisation, Organisation.id == a.organisation_id)
        .where(
            OF_SCHOOLS,
            a.closed_by.is_(None),
            a.kind == "student",
            a.valid_from <= at,
            a.valid_to > at,
        )
    )
    return sorted(world.all(query))


@dataclass(frozen=True)
class School:
    """The simulator, and the world whose source asks it."""

    simulator: Simulator
    world: World

    def change(self, collection: str, sourced_id: str, **values: Any) -> None:
        """Change an object of the school system."""
        told = self.simulator.roster
        told.put(collection, told.get(collection, sourced_id) | values)

    def set(self, **settings: Any) -> None:
        """Change settings of the source."""
        stood = self.world.scalar(select(Source.settings).where(Source.key == "primus"))
        self.world.change_source(settings=stood | settings)

    def move(self, enrollment: str, class_id: str) -> None:
        """Put a pupil into another class."""
        self.change("enrollments", enrollment, **{"class": reference(class_id, "class")})

    def add(self, user: str, class_id: str) -> None:
        """Add a pupil of a school and a class."""
        role = {"roleType": "primary", "role": "student", "org": reference("org-k", "org")}
        one = {"sourcedId": user, "enabledUser": "true", "givenName": user.title(), "familyName": "Malli"}
        self.simulator.roster.put("users", {**one, "agents": [], "roles": [role]})
        named = {"user": reference(user, "user"), "class": reference(class_id, "class")}
        held = {"sourcedId": f"e-{user}", "role": "student", "school": reference("org-k", "org")}
        self.simulator.roster.put("enrollments", held | named)

    def run(self, days: int = 1, **options: Any) -> Report:
        """Run the source so many days later."""
        return self.world.later(days=days).run(**options)


@contextmanager
def school(engine: Engine, folder: Path) -> Iterator[School]:
    """Start a school system, and build the world with the source that asks it."""
    world = source_world.build(engine, folder)
    write(world)
    with Simulator(Roster.of_bundle(folder / "bundle")) as simulator:
        world.add_source("primus", "oneroster-rest", rest_settings(simulator), purpose="perusopetus")
        yield School(simulator, world.of("primus"))
