"""A small consortium for the tests of the administration pages: two municipalities, three schools, their people and
administrators.

Everything is fictional. ``Reader`` is an administrator's browser, signed in, without scripts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event
from werkzeug.test import TestResponse

from iam import clock
from iam.access.administration import PERMISSIONS
from iam.access.model.assignment import AdminGrant, Assignment
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.person import Identifier, Person, PersonProfile
from iam.directory.source import Record, Run, Source
from iam.oidc.clients.registered import ADMIN
from iam.signin.accounts.account import Account
from iam.tokens import grant as grants
from iam.tokens.grant import Grant
from iam.tokens.session import LoginSessionRow
from tests.kit.factories import consortium

ISSUER = consortium.ISSUER
FIRST = "/admin/"
"""The page that a reader comes for first."""
TREE = {
    "ROOT": (None, "consortium"),
    "MANSIKKALA": ("ROOT", "municipality"),
    "MUSTIKKALA": ("ROOT", "municipality"),
    "KOIVU": ("MANSIKKALA", "school"),
    "RANTA": ("MANSIKKALA", "school"),
    "KUUSI": ("MUSTIKKALA", "school"),
}
SECRETARY = ("persons.read", "codes.issue", "sessions.end")


class World(consortium.World):
    """The administration under test, and the ids of what is in it, by name."""

    __slots__ = ()

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """Collect the statements that are sent to the database inside the block."""
        statements: list[str] = []

        def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        event.listen(self.engine, "before_cursor_execute", count)
        try:
            yield statements
        finally:
            event.remove(self.engine, "before_cursor_execute", count)


def build(database_url: str, folder: Path, filled: Callable[[World], None] | None = None, **more: Any) -> World:
    """Return the world at the clock's present, over a migrated database; ``more`` are further settings.

    ``filled``, a function of a module, fills it with more than ``fill`` does, and is kept like that.
    """
    return World.filled(filled or fill, database_url, folder, consortium="Marjala", **more)


def fill(world: World) -> None:
    """Add the two municipalities, their administrators, a source and an application."""
    for key, (parent, kind) in TREE.items():
        consortium.organisation(world, key, kind, parent)
    _source(world)
    consortium.application(world, "wilma", "MANSIKKALA")
    consortium.role(world, "wilma", "opettaja", name={"fi": "Opettaja"})
    _people(world)


def _source(world: World) -> None:
    now = clock.now()
    source = Source(
        key="hr",
        connector="hr",
        owner_id=world.ids["ROOT"],
        settings={},
        correlate=[],
        zone="Europe/Helsinki",
        priority=10,
        purpose="payroll",
    )
    world.write(source)
    run = Run(
        source_id=source.id,
        state="done",
        dry_run=False,
        started_at=now - timedelta(hours=2),
        ended_at=now - timedelta(hours=2),
        phases={},
        counts={},
        reasons=[],
    )
    world.write(run)
    record = Record(source_id=source.id, kind="employment", key="1", digest=b"1", run_id=run.id, file="hr.csv", line=7)
    world.write(record)
    world.ids.update({"hr": source.id, "run": run.id, "record": record.id})


def _people(world: World) -> None:
    person(world, "paula", "Pääkäyttäjä")
    administer(world, "paula", "ROOT", "admin")
    person(world, "sanna", "Sihteeri")
    employ(world, "sanna", "KOIVU", "Koulusihteeri")
    administer(world, "sanna", "KOIVU", *SECRETARY)
    person(world, "anna", "Virtanen", phone="+358401234567")
    employ(world, "anna", "KOIVU", "Luokanopettaja", is_primary=True)
    give(world, "anna", "KOIVU")
    employ(world, "anna", "KUUSI", "Erityisopettaja", number="2")
    give(world, "anna", "KUUSI")
    person(world, "ville", "Vieras")
    employ(world, "ville", "KUUSI", "Rehtori")
    person(world, "oona", "Oppilas", protected=True)
    employ(world, "oona", "KOIVU", None, kind="student")
    person(world, "gitta", "Huoltaja")
    world.write(
        Relationship(
            person_id=world.ids["gitta"], kind="guardian_of", other_person_id=world.ids["oona"], **world.lasting()
        )
    )
    group = Group(organisation_id=world.ids["KOIVU"], key="4B", kind="class", name="4B")
    world.write(group)
    world.write(Membership(group_id=group.id, person_id=world.ids["oona"], **world.lasting()))


def person(world: World, login: str, family_name: str, **profile: Any) -> UUID:
    """Add a person with a login."""
    given = login.title()
    row = Person()
    world.write(row)
    world.ids[login] = row.id
    world.write(
        Account(person_id=row.id, login=login, language="fi"),
        PersonProfile(
            person_id=row.id,
            given_names=given,
            family_name=family_name,
            source_id=world.ids["hr"],
            **profile,
            **world.lasting(),
        ),
        Identifier(
            person_id=row.id,
            kind="employee-number",
            issuer="hr",
            value=f"10{len(world.ids)}",
            source_id=world.ids["hr"],
            **world.lasting(),
        ),
    )
    return row.id


def employ(world: World, login: str, organisation: str, title: str | None, *, number: str = "", **changes: Any) -> UUID:
    """Give a person a capacity, known in ``ids`` as "login ORGANISATION"; return its id."""
    values = {
        "kind": "employee",
        "source_id": world.ids["hr"],
        "record_id": world.ids["record"] if not number else uuid7(),
    }
    row = Affiliation(
        person_id=world.ids[login],
        organisation_id=world.ids[organisation],
        title=title,
        **{**values, **world.lasting(), **changes},
    )
    if row.record_id == world.ids["record"] and login != "anna":
        row.record_id = uuid7()
    world.write(row)
    world.ids[f"{login} {organisation}"] = row.fact_id
    world.ids[f"{login} {organisation} v"] = row.version_id
    return row.fact_id


def give(world: World, login: str, organisation: str) -> None:
    """Give a person the teacher's role in an organisation by hand, in the capacity there."""
    entity = TREE[organisation][0]
    assert entity is not None
    row = Assignment(
        person_id=world.ids[login],
        capacity_id=world.ids[f"{login} {organisation}"],
        capacity_kind="employee",
        role_id=world.ids["opettaja"],
        role_version_id=world.ids["opettaja v1"],
        scope_id=world.ids[organisation],
        holder_entity_id=world.ids[entity],
        scope_entity_id=world.ids[entity],
        origin="hand",
        reason="project",
        fact_1=world.ids[f"{login} {organisation} v"],
        place_id=uuid7(),
        **world.lasting(100),
    )
    world.write(row)
    world.ids[f"{login} right {organisation}"] = row.id


def administer(world: World, login: str, organisation: str, *permissions: str) -> None:
    """Make a person an administrator of a part."""
    assert set(permissions) <= set(PERMISSIONS)
    for permission in permissions:
        world.write(
            AdminGrant(
                person_id=world.ids[login],
                permission=permission,
                organisation_id=world.ids[organisation],
                **world.lasting(),
            )
        )


class Reader:
    """An administrator's browser, signed in; ``enter`` or ``let_in`` opens the administration to it."""

    def __init__(self, world: World, login: str, language: str = "en") -> None:
        self.world, self.language = world, language
        self.http = world.app.test_client()
        self.session_id = world.sign_in(self.http, login)

    def enter(self) -> Reader:
        """Pass the door once, as following the redirects from any page does, back to the page: which is not opened."""
        response = self.get(FIRST)
        while response.location not in (FIRST, f"{ISSUER}{FIRST}"):
            assert response.status_code in (302, 303), response.text
            response = self.get(response.location.removeprefix(ISSUER))
        return self

    def let_in(self) -> Reader:
        """Have the grant that passing the door leaves, where the door is not what is tested."""
        now = clock.now()
        with self.world.transaction() as session:
            login = session.get_one(LoginSessionRow, self.session_id)
            given = Grant(
                id=uuid7(),
                person_id=login.person_id,
                client_id=ADMIN,
                capacity_id=None,
                session_id=login.id,
                scope="openid profile",
                auth_time=login.auth_time,
                acr=login.acr,
                created_at=now,
                expires_at=now + timedelta(minutes=15),
            )
            grants.store(session, given)
        return self

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.http.get(path, base_url=ISSUER, headers={"Accept": "text/html", "Accept-Language": self.language})

    def post(self, path: str, page: str, **fields: str) -> TestResponse:
        """Send the form that goes to ``path`` as the page at ``page`` shows it."""
        data = hidden(self.get(page), path) | fields
        return self.http.post(
            path, base_url=ISSUER, data=data, headers={"Accept": "text/html", "Accept-Language": self.language}
        )

    def force(self, path: str, **fields: str) -> TestResponse:
        """Send a form to ``path`` that no page shows, with a genuine token."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/logout").text)
        assert token is not None
        headers = {"Accept": "text/html", "Accept-Language": self.language}
        return self.http.post(
            path, base_url=ISSUER, data={"csrf_token": html.unescape(token[1]), **fields}, headers=headers
        )


def hidden(page: TestResponse, path: str) -> dict[str, str]:
    """The hidden fields of the form that posts to ``path``."""
    form = re.search(rf'<form[^>]* action="{re.escape(html.escape(path))}".*?</form>', page.text, re.DOTALL)
    assert form is not None, f"no form to {path} on the page:\n{page.text}"
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    return {name: html.unescape(value) for name, value in found}
