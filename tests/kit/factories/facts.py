"""Builders of facts: organisations in their tree, persons, and everything dated that is said of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.change import SYSTEM, Change, begin
from iam.database.types import uuid7
from iam.directory.affiliation import Absence, Affiliation, Group, Membership, Relationship
from iam.directory.organisation import OrganisationPlace, OrganisationRelation
from iam.directory.person import Hold, Identifier, Person, PersonProfile
from iam.directory.source import Acceptance, Record, Run, Source, SourceOpening
from iam.lifecycle import name_words
from iam.lifecycle.organisations import commands as organisations
from iam.lifecycle.organisations.tree import Place
from iam.tokens.session import Life

M = TypeVar("M")


def day(text: str) -> datetime:
    """The instant at which a day (``2026-08-01``) starts in Helsinki."""
    return clock.day_start(date.fromisoformat(text))


SCHOOL_YEAR = day("2026-08-01")
"""When facts begin unless a test says otherwise."""
WORKING_DAY = Life(timedelta(hours=8), timedelta(hours=12))
"""How long a sign-in lasts where nobody says otherwise."""


def change(session: Session, purpose: str = "test") -> Change:
    """Begin a change by the system."""
    return begin(session, "command", SYSTEM, purpose)


def tree(session: Session, *rows: tuple[str, str, str | None, bool]) -> dict[str, UUID]:
    """Add organisations (key, kind, parent's key, own entity) that always stand where they stand; return their ids by
    key.

    A parent comes before its children; a few statements, however many.
    """
    ids = {key: uuid7() for key, *_ in rows}
    organisations.add(session, [_names(ids[key], key, kind) for key, kind, *_ in rows])
    always = clock.LONG_AGO, clock.FOREVER
    stated = {
        ids[key]: [Place(ids[key], ids[parent] if parent else None, own, *always)] for key, _, parent, own in rows
    }
    organisations.write_places(session, change(session), stated)
    return ids


def organisation(
    session: Session,
    key: str,
    kind: str = "school",
    under: UUID | None = None,
    *,
    entity: bool = False,
    since: datetime = clock.LONG_AGO,
    until: datetime = clock.FOREVER,
) -> UUID:
    """Add an organisation with one place; ``entity``: it is a legal entity itself (without a parent it always is)."""
    id_ = uuid7()
    organisations.add(session, [_names(id_, key, kind)])
    places(session, id_, (under, entity, since, until))
    return id_


def _names(id_: UUID, key: str, kind: str) -> dict[str, Any]:
    return {"id": id_, "key": key, "kind": kind} | {
        f"name_{language}": f"{key} {language}" for language in ("fi", "sv", "en")
    }


def places(session: Session, organisation_id: UUID, *stated: tuple[UUID | None, bool, datetime, datetime]) -> None:
    """Make these (parent, own entity, from, to) all places of an organisation."""
    rows = {organisation_id: [Place(organisation_id, *one) for one in stated]}
    organisations.write_places(session, change(session), rows)


def roots(session: Session) -> list[UUID]:
    """The tops of the tree, the oldest first."""
    row = OrganisationPlace
    return list(
        session.scalars(select(row.organisation_id).where(row.parent_id.is_(None)).order_by(row.organisation_id))
    )


def covers(
    session: Session, area: UUID, other: UUID, since: datetime = clock.LONG_AGO, until: datetime = clock.FOREVER
) -> OrganisationRelation:
    """Say that an area covers an organisation."""
    return _fact(session, OrganisationRelation, since, until, organisation_id=area, kind="covers", other_id=other)


def person(session: Session, family_name: str = "Esimerkki") -> UUID:
    """Add a person with a profile that no source tells."""
    row = Person()
    session.add(row)
    session.flush()
    _fact(
        session,
        PersonProfile,
        clock.LONG_AGO,
        clock.FOREVER,
        person_id=row.id,
        given_names="Aino",
        family_name=family_name,
    )
    name_words.write(session, [row.id])
    return row.id


def affiliation(
    session: Session,
    person_id: UUID,
    organisation_id: UUID,
    since: datetime = SCHOOL_YEAR,
    until: datetime = clock.FOREVER,
    *,
    kind: str = "employee",
    occupation: str | None = "opettaja",
    **values: Any,
) -> Affiliation:
    """Say that a person is affiliated."""
    return _fact(
        session,
        Affiliation,
        since,
        until,
        person_id=person_id,
        organisation_id=organisation_id,
        kind=kind,
        occupation=occupation,
        **values,
    )


def correct(session: Session, version: Any, **values: Any) -> Any:
    """Close a fact version and open the next one of the same fact, with other ``values``."""
    written = change(session)
    columns = [
        column.key for column in version.__table__.columns if column.key not in ("version_id", "opened_by", "closed_by")
    ]
    version.closed_by = written.id
    session.flush()
    fresh = type(version)(**{name: getattr(version, name) for name in columns} | {"opened_by": written.id} | values)
    session.add(fresh)
    session.flush()
    return fresh


def close(session: Session, version: Any) -> None:
    """Close a fact version: it was wrong, and nothing takes its place."""
    version.closed_by = change(session).id
    session.flush()


def absence(session: Session, of: Affiliation, since: datetime, until: datetime = clock.FOREVER) -> Absence:
    """Say that a person is absent from an affiliation."""
    return _fact(session, Absence, since, until, affiliation_fact_id=of.fact_id, person_id=of.person_id)


def group(session: Session, organisation_id: UUID, key: str, kind: str = "group") -> UUID:
    """Add a local group of an organisation."""
    row = Group(organisation_id=organisation_id, key=key, kind=kind, name=key)
    session.add(row)
    session.flush()
    return row.id


def identifier(session: Session, person_id: UUID, kind: str, issuer: str, value: str) -> None:
    """Let a person be named by an identifier."""
    times = {"valid_from": clock.LONG_AGO, "valid_to": clock.FOREVER, "opened_by": change(session).id}
    session.add(Identifier(person_id=person_id, kind=kind, issuer=issuer, value=value, **times))
    session.flush()


def membership(
    session: Session,
    person_id: UUID,
    group_id: UUID,
    since: datetime = SCHOOL_YEAR,
    until: datetime = clock.FOREVER,
    **values: Any,
) -> Membership:
    """Say that a person is in a group."""
    return _fact(session, Membership, since, until, person_id=person_id, group_id=group_id, **values)


def relationship(
    session: Session,
    person_id: UUID,
    other_id: UUID,
    kind: str = "guardian_of",
    since: datetime = SCHOOL_YEAR,
    until: datetime = clock.FOREVER,
    **values: Any,
) -> Relationship:
    """Say how a person is related to another."""
    return _fact(
        session, Relationship, since, until, person_id=person_id, kind=kind, other_person_id=other_id, **values
    )


def hold(session: Session, person_id: UUID, since: datetime = SCHOOL_YEAR, until: datetime = clock.FOREVER) -> Hold:
    """Keep a person from every right for a time."""
    return _fact(session, Hold, since, until, person_id=person_id, kind="suspicion", reason="test")


def source(session: Session, owner_id: UUID, key: str = "hr") -> Source:
    """Add a source of the memory connector."""
    row = Source(
        key=key,
        connector="memory",
        owner_id=owner_id,
        settings={},
        matching=None,
        correlate=["employee-number"],
        zone=clock.HELSINKI,
        priority=10,
        purpose="test",
    )
    session.add(row)
    session.flush()
    return row


def opening(
    session: Session,
    told: Source,
    organisation_id: UUID,
    since: datetime = SCHOOL_YEAR,
    until: datetime = clock.FOREVER,
) -> SourceOpening:
    """Say that an organisation opened itself to a source of another owner."""
    return _fact(session, SourceOpening, since, until, source_id=told.id, organisation_id=organisation_id)


def told_by(session: Session, version: Any, said: Source, file: str, line: int) -> Run:
    """Say that a source told an open fact version, in a run of its own, on a line of a file."""
    run = Run(source_id=said.id, state="done", dry_run=False, started_at=clock.now(), phases={}, counts={}, reasons=[])
    session.add(run)
    session.flush()
    record = Record(
        source_id=said.id,
        kind="affiliation",
        key=f"{file}:{line}",
        digest=b"",
        run_id=run.id,
        file=file,
        line=line,
        person_id=version.person_id,
    )
    session.add(record)
    session.flush()
    version.source_id, version.record_id = said.id, record.id
    version.opened_by = begin(session, "run", SYSTEM, "test", run_id=run.id).id
    session.flush()
    return run


def _fact(session: Session, model: Callable[..., M], since: datetime, until: datetime, **values: Any) -> M:
    row = model(valid_from=since, valid_to=until, opened_by=change(session).id, **values)
    session.add(row)
    session.flush()
    return row


def accepted(session: Session, said: Source, by: UUID) -> None:
    """Say that a source's first run was accepted: from then on the installation is no longer new."""
    run = Run(source_id=said.id, state="done", dry_run=False, started_at=clock.now(), phases={}, counts={}, reasons=[])
    session.add(run)
    session.flush()
    session.add(Acceptance(source_id=said.id, digest="first", run_id=run.id, accepted_by=by, accepted_at=clock.now()))
    session.flush()
