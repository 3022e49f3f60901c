"""A consortium of two towns with a school each, a secretary of one of them, and as many of its people as are asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.asker import asker_of
from iam.access.model.assignment import Assignment
from iam.access.model.role import Role
from iam.bulk import plan
from iam.bulk.acts import registry
from iam.bulk.acts.act import BulkAsker
from iam.bulk.plan import BulkReport
from iam.change import Actor
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation
from iam.directory.person import Person, PersonProfile
from iam.settings import Settings
from iam.signin.accounts.account import Account
from iam.vault import KEY_BYTES, Vault
from tests.kit.factories import access, facts

PERMISSIONS = ("persons.read", "rights.grant", "persons.write", "codes.issue", "sessions.end", "persons.export")
REASON = "Kerho alkaa"


@dataclass(slots=True)
class School:
    """The world of acts for many: ids by name, and what the secretary does in it."""

    session: Session
    vault: Vault
    ids: dict[str, UUID] = field(default_factory=dict)

    def asker(self, name: str = "sanna") -> BulkAsker:
        """Return somebody as one who asks."""
        person_id = self.ids[name]
        who = asker_of(self.session, person_id)
        return BulkAsker(who, Actor(person_id), self.vault, clock.HELSINKI, Settings(issuer="http://localhost:8080"))

    def said(self, **more: str) -> dict[str, str]:
        """Return the fields of giving the role in the school."""
        last = (clock.today() + timedelta(days=60)).isoformat()
        return {
            "role": "wilma:opettaja",
            "scope": str(self.ids["koulu"]),
            "until": last,
            "reason": REASON,
            "organisation": str(self.ids["koulu"]),
        } | more

    def do(self, act: str, ids: Sequence[UUID], who: BulkAsker | None = None, **more: str) -> BulkReport:
        """Look at an act, and do it as it was shown."""
        who = who or self.asker()
        found = registry.read(self.session, who, act, self.said(**more))
        seen = plan.preview(self.session, found, ids, who, who.part("persons.read")).preview.effects.digest
        return plan.do(self.session, found, ids, who, lambda digest: digest == seen)

    def people(self, count: int, at: str = "koulu", kind: str = "employee") -> list[UUID]:
        """Add so many people of a school; two statements."""
        ids, change = [uuid7() for _ in range(count)], facts.change(self.session)
        self.session.execute(insert(Person), [{"id": one, "sort_name": f"P {n:05}"} for n, one in enumerate(ids)])
        rows = [
            {
                "version_id": uuid7(),
                "fact_id": uuid7(),
                "person_id": one,
                "organisation_id": self.ids[at],
                "kind": kind,
                "occupation": "ohjaaja",
                "is_primary": True,
                "valid_from": facts.SCHOOL_YEAR,
                "valid_to": clock.FOREVER,
                "opened_by": change.id,
            }
            for one in ids
        ]
        self.session.execute(insert(Affiliation), rows)
        return ids

    def protect(self, person_id: UUID) -> None:
        """Say that a person is protected."""
        always = {"valid_from": clock.LONG_AGO, "valid_to": clock.FOREVER, "opened_by": facts.change(self.session).id}
        self.session.add(PersonProfile(person_id=person_id, protected=True, **always))
        self.session.flush()

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """Collect the statements that are sent to the database inside the block."""
        statements: list[str] = []

        def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        engine = self.session.get_bind()
        event.listen(engine, "before_cursor_execute", count)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", count)

    def named(self, count: int) -> list[UUID]:
        """Add so many people who have a username."""
        ids = self.people(count)
        rows = [{"person_id": one, "login": f"p{one.hex}", "language": "fi"} for one in ids]
        self.session.execute(insert(Account), rows)
        return ids

    def why(self, report: BulkReport, person_id: UUID) -> str:
        """Why somebody was left out."""
        return report.people.left[person_id].message

    def holders(self) -> set[UUID]:
        """Who holds the role by hand now, or will."""
        a = Assignment
        query = select(a.person_id).join(Role, Role.id == a.role_id).where(Role.key == "opettaja", a.origin == "hand")
        return set(self.session.scalars(query.where(a.closed_by.is_(None), a.valid_to > clock.now())))


@pytest.fixture
def vault() -> Vault:
    """A vault of the tests' own."""
    return Vault(b"7" * KEY_BYTES)


@pytest.fixture
def school(session: Session, vault: Vault) -> School:
    """Two towns; sanna may do everything for many in one school, paula everywhere, and each has a username."""
    made = School(session, vault)
    made.ids |= facts.tree(
        session,
        ("marjala", "consortium", None, True),
        ("kunta", "municipality", "marjala", True),
        ("koulu", "school", "kunta", False),
        ("lukio", "school", "kunta", False),
        ("toinen", "municipality", "marjala", True),
        ("naapuri", "school", "toinen", False),
    )
    wilma = access.application(session, made.ids["kunta"], "wilma", made.ids["koulu"])
    made.ids["opettaja"] = access.role(session, wilma)
    for name in ("sanna", "paula", "pekka"):
        made.ids[name] = facts.person(session, name.title())
        session.add(Account(person_id=made.ids[name], login=name, language="fi"))
        facts.affiliation(session, made.ids[name], made.ids["koulu"], occupation="sihteeri")
    for permission in PERMISSIONS:
        access.admin_grant(session, made.ids["sanna"], permission, made.ids["koulu"])
    for name in ("paula", "pekka"):
        access.admin_grant(session, made.ids[name], "admin", made.ids["marjala"])
    session.flush()
    return made


@pytest.fixture
def guarded(school: School) -> School:
    """The same, no longer new: what gives or takes much waits for a second person."""
    source = facts.source(school.session, school.ids["kunta"])
    facts.accepted(school.session, source, school.ids["paula"])
    return school
