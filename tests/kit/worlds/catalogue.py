"""Fills the world with many sources, runs, rules, applications and agreements, for lists and for counting
statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from iam import clock
from iam.access.agreement_acts.notice import GiveNotice
from iam.access.model.agreement import (
    Agreement,
    AgreementClause,
    AgreementParty,
    AgreementTemplate,
    AgreementTerm,
    ClauseContent,
)
from iam.access.model.agreement_templates import TemplateBody, TemplateClause, TemplatePlace
from iam.access.model.assignment import Assignment
from iam.access.model.proposal import Proposal
from iam.access.model.role import ApplicationEnabled
from iam.access.model.rule import CodeList, CodeListOwner, Rule, RuleVersion
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation
from iam.directory.person import Person, PersonProfile
from iam.directory.source import Ambiguity, Run, RunReject, Source
from iam.plans.plan import Plan, PlanEffect
from tests.kit.factories import consortium
from tests.kit.worlds.admin import World


class Batch(World):
    """The world with everything written in one transaction: ``batch`` makes it."""

    __slots__ = ("session",)
    session: Session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """The batch's own session, which is committed at the end of the batch."""
        yield self.session


@contextmanager
def batch(world: World) -> Iterator[Batch]:
    """Write what the block writes in one transaction: hundreds of commits would only wait for the disk."""
    together = Batch(world.app, world.engine, world.ids)
    with Session(world.engine, expire_on_commit=False) as session, session.begin():
        object.__setattr__(together, "session", session)
        yield together


TEACHERS = {
    "bind": {"a": {"affiliation": {"kind": "employee", "organisation": {"kind": "school"}}}},
    "gives": {"role": "wilma:opettaja", "scope": "organisation of a"},
}


def source(world: World, key: str, owner: str = "ROOT", **changes: Any) -> UUID:
    """Add an HR source."""
    values = {
        "connector": "hr",
        "settings": {"path": "/srv/feeds/hr.csv"},
        "correlate": [],
        "zone": "Europe/Helsinki",
        "priority": 20,
        "purpose": "payroll",
    }
    row = Source(key=key, owner_id=world.ids[owner], **{**values, **changes})
    world.write(row)
    world.ids[key] = row.id
    return row.id


def run(world: World, key: str = "hr", state: str = "done", ago: timedelta = timedelta(hours=1), **changes: Any) -> Run:
    """Add a run of a source."""
    at = clock.now() - ago
    counts = {"rows": 100, "unchanged": 100, "new": 0, "changed": 0, "rejected": 0, "ambiguous": 0}
    values = {
        "dry_run": False,
        "ended_at": at,
        "phases": {"read": 0.5, "write": 1.25},
        "counts": counts,
        "reasons": [],
        "digest": "d" * 64,
    }
    row = Run(source_id=world.ids[key], state=state, started_at=at, **{**values, **changes})
    world.write(row)
    return row


def reject(run_id: UUID, n: int) -> RunReject:
    """A row that was left out."""
    return RunReject(
        run_id=run_id,
        n=n,
        kind="employment",
        file="hr.csv",
        line=n + 1,
        field="alkamispvm",
        message="This is not a day.",
        remedy="Write it as d.m.yyyy or yyyy-mm-dd.",
        params={},
    )


def plan(world: World, key: str = "hr", ago: timedelta = timedelta(hours=1)) -> Plan:
    """Add the plan of a run that is made with its ``plan_id``."""
    row = Plan(
        kind="source run",
        owner_id=world.ids["ROOT"],
        source_id=world.ids[key],
        state="applied",
        basis={},
        digest="d",
        counts={},
        reasons=[],
        at=clock.now() - ago,
    )
    world.write(row)
    return row


def effect(world: World, plan_id: UUID, kind: str, organisation: UUID, **changes: Any) -> PlanEffect:
    """An effect on an employment, or with ``role_id`` on a right."""
    values: dict[str, Any] = {
        "held": False,
        "person_id": world.ids["anna"],
        "affiliation_kind": "employee",
        "valid_from": clock.LONG_AGO,
        "valid_to": clock.FOREVER,
    }
    return PlanEffect(plan_id=plan_id, kind=kind, organisation_id=organisation, **{**values, **changes})


def schools(world: World, numbers: range) -> list[UUID]:
    """Add schools of MANSIKKALA."""
    return [
        consortium.organisation(world, f"S{one:03}", "school", "MANSIKKALA", name=f"School {one:03}") for one in numbers
    ]


def unclear(world: World, run_id: UUID, numbers: range, *people: str) -> list[UUID]:
    """Add records whose person cannot be told among these."""
    rows = [
        Ambiguity(
            source_id=world.ids["hr"],
            person_key=f"10{one:03}",
            run_id=run_id,
            candidates=sorted(str(world.ids[who]) for who in people),
        )
        for one in numbers
    ]
    world.write(*rows)
    return [row.id for row in rows]


def application(world: World, key: str, owner: str = "MANSIKKALA", *roles: str) -> UUID:
    """Add an application with roles and one client."""
    id_ = consortium.application(
        world, key, owner, enabled=False, name={"fi": key.title(), "en": f"{key.title()} en"}, audience=key
    )
    for code in roles:
        consortium.role(world, key, code)
    consortium.client(world, key, key)
    return id_


def holders(world: World, numbers: range) -> None:
    """Add people of KOIVU who hold the role opettaja there by hand."""
    people = [Person() for _ in numbers]
    world.write(*people)
    entity, place = world.ids["MANSIKKALA"], world.ids["KOIVU"]
    jobs = [
        Affiliation(
            person_id=row.id,
            organisation_id=place,
            kind="employee",
            record_id=uuid7(),
            **world.lasting(),
        )
        for row in people
    ]
    world.write(*jobs)
    world.write(
        *(
            PersonProfile(person_id=row.id, given_names="Zoe", family_name=f"Zz{one:03}", **world.lasting())
            for one, row in enumerate(people)
        ),
        *(
            Assignment(
                person_id=job.person_id,
                capacity_id=job.fact_id,
                capacity_kind="employee",
                role_id=world.ids["opettaja"],
                role_version_id=world.ids["opettaja v1"],
                scope_id=place,
                holder_entity_id=entity,
                scope_entity_id=entity,
                origin="hand",
                reason="test",
                fact_1=job.version_id,
                place_id=uuid7(),
                **world.lasting(100),
            )
            for job in jobs
        ),
    )


def rule(world: World, key: str, owner: str = "MANSIKKALA", pattern: Any = None) -> UUID:
    """Add a rule, known in ``ids`` by its key, with one version that is in force."""
    row = Rule(key=key, owner_id=world.ids[owner])
    world.write(row)
    world.ids[key] = row.id
    version(world, key, 1, "published", pattern)
    return row.id


def version(world: World, key: str, n: int, state: str = "withdrawn", pattern: Any = None) -> None:
    """Add a version of a rule."""
    world.write(
        RuleVersion(
            rule_id=world.ids[key],
            n=n,
            pattern=pattern or TEACHERS,
            role_id=world.ids["opettaja"],
            author_id=world.ids["paula"],
            state=state,
            published_by=world.ids["paula"],
            change_id=world.ids["change"],
        )
    )


def code_list(world: World, key: str, *codes: str, owner: str = "ROOT") -> None:
    """Add a list of occupation codes."""
    world.write(*(CodeList(key=key, code=code) for code in codes), CodeListOwner(key=key, owner_id=world.ids[owner]))


def agreement(world: World, key: str, *, signed: bool = True, start: int = -30, end: int = 300) -> UUID:
    """Add an agreement by which people of MUSTIKKALA may do something in KOIVU; days count from today."""
    now, parties = clock.now(), ("MANSIKKALA", "MUSTIKKALA")
    row = Agreement(
        key=key,
        case_number=f"ASIA-{key}",
        decision={"body": "lautakunta", "date": "2026-06-12", "section": 48},
        purpose="opiskeluhuolto",
        legal_basis={"act": "1287/2013", "gdpr": "6.1.c"},
        owner_id=world.ids["MANSIKKALA"],
    )
    world.write(row)
    term = {
        "valid_from": now + timedelta(days=start),
        "valid_to": now + timedelta(days=end),
        "opened_by": world.ids["change"],
    }
    lasting = {"valid_from": clock.LONG_AGO, "valid_to": clock.FOREVER, "opened_by": world.ids["change"]}
    clause = AgreementClause(
        id=uuid7(),
        agreement_id=row.id,
        n=1,
        grantor_id=world.ids[parties[0]],
        grantee_id=world.ids[parties[1]],
        scope_id=world.ids["KOIVU"],
        with_descendants=True,
        valid_from=clock.LONG_AGO,
        valid_to=clock.FOREVER,
        opened_by=world.ids["change"],
    )
    world.write(
        AgreementTerm(agreement_id=row.id, **term),
        *(
            AgreementParty(
                agreement_id=row.id,
                legal_entity_id=world.ids[name],
                role="controller",
                signed_on=date(2026, 1, 1) if signed or n else None,
                in_from=clock.day_start(date(2026, 1, 1)) if signed or n else None,
                **lasting,
            )
            for n, name in enumerate(parties)
        ),
        clause,
        ClauseContent(clause_id=clause.id, occupation="psykologi", data_group="nimi", operation="read"),
    )
    world.ids.update({key: row.id, f"{key} clause": clause.id})
    return row.id


def template(world: World, key: str, owner: str = "ROOT") -> None:
    """Add a template by which municipalities allow something to people of another body."""
    allowed = TemplateClause("kunta", "hva", True, None, (("psykologi", "nimi", "read"),))
    named = {"fi": "Kunta", "sv": "Kommun", "en": "Municipality"}, {"fi": "Alue", "sv": "Område", "en": "County"}
    places = TemplatePlace("kunta", named[0], "controller"), TemplatePlace("hva", named[1], "joint")
    basis = {"act": "1287/2013"}
    body = TemplateBody(places, "opiskeluhuolto", basis, "34 §", None, 90, "otanta", True, (allowed,))
    names = {"name_fi": "Huolto", "name_sv": "Elevhälsa", "name_en": "Student welfare"}
    world.write(AgreementTemplate(key=key, owner_id=world.ids[owner], body=body.stored(), **names))


def noticed(world: World, agreement_key: str, party: str, *, owner: str) -> Proposal:
    """A notice of an agreement that waits for a second person."""
    stated = GiveNotice(world.ids[party], clock.today() + timedelta(days=30)).stated()
    return Proposal(
        kind="agreement",
        key=agreement_key,
        digest="x",
        owner_id=world.ids[owner],
        counts={"gain": 0, "lose": 1},
        reasons=[],
        stated=stated,
        proposed_at=clock.now(),
    )


def enable(world: World, application_key: str, *organisations: UUID) -> None:
    """Let organisations use an application."""
    world.write(
        *(ApplicationEnabled(application_id=world.ids[application_key], organisation_id=one) for one in organisations)
    )


def comes_under(world: World, agreement_key: str, login: str, organisation: UUID) -> None:
    """Give a person a job of MUSTIKKALA in an organisation and, by the agreement, the role opettaja in KOIVU."""
    employer, entity = world.ids["MUSTIKKALA"], world.ids["MANSIKKALA"]
    job = Affiliation(
        person_id=world.ids[login],
        organisation_id=organisation,
        kind="employee",
        occupation="psykologi",
        record_id=uuid7(),
        **world.lasting(),
    )
    world.write(job)
    world.write(
        Assignment(
            person_id=world.ids[login],
            capacity_id=job.fact_id,
            capacity_kind="employee",
            role_id=world.ids["opettaja"],
            role_version_id=world.ids["opettaja v1"],
            scope_id=world.ids["KOIVU"],
            holder_entity_id=employer,
            scope_entity_id=entity,
            clause_id=world.ids[f"{agreement_key} clause"],
            origin="hand",
            reason="test",
            fact_1=job.version_id,
            place_id=uuid7(),
            **world.lasting(100),
        )
    )
