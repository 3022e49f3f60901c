"""Sources, their runs, what each record said, and what waits for a human."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, key, open_index, refers_to, valid
from iam.texts import in_language

GONE = b""
"""What a record says that does not come any more, in the place of a digest."""
_WAITS = text("waits IS NOT NULL")


class Source(Base):
    """An inbound system. ``settings`` go to its connector; ``matching`` says how its columns are read (None: as usual).

    ``priority``: the smaller number wins when two sources tell the same attribute. ``correlate`` is the order of
    identifier kinds by which a record's person is found. ``owner_id`` is the organisation whose administrators see it
    and in whose subtree it states facts. ``disabled``: nothing is read and nobody signs in by it. ``walled`` is False
    for a source from before walls, until what they reject was shown and accepted. ``leased_by`` is the run that holds
    the source until ``leased_until``, which its heartbeat puts off. ``places`` are the codes that named organisations
    of which it had stated facts by the end of its last run. ``refused`` marks the input of which nothing was taken and
    which somebody refused whole. ``schedule`` says when it is read by itself (five fields of time, in its ``zone``),
    ``deadline`` in how many minutes; ``scheduled_at`` is when that was last due and begun. ``alarm`` is what was last
    told to be amiss. ``name`` is by language; its key stands where it has none.
    """

    __tablename__ = "source"

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(unique=True)
    connector: Mapped[str]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    settings: Mapped[dict[str, Any]]
    matching: Mapped[dict[str, Any] | None]
    correlate: Mapped[list[str]]
    zone: Mapped[str]
    priority: Mapped[int]
    purpose: Mapped[str]
    keep_good_rows: Mapped[bool] = mapped_column(default=True)
    missing_hours: Mapped[int] = mapped_column(default=20)
    disabled: Mapped[bool] = mapped_column(default=False)
    walled: Mapped[bool] = mapped_column(default=True)
    checkpoint: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[UUID | None]
    places: Mapped[dict[str, Any] | None]
    refused: Mapped[str | None]
    schedule: Mapped[str | None]
    deadline: Mapped[int] = mapped_column(default=120)
    scheduled_at: Mapped[datetime | None]
    alarm: Mapped[str | None]
    name: Mapped[dict[str, Any] | None]

    def called(self, language: str) -> str:
        """What it is called in ``language``; its key where it has no name."""
        return in_language(self.name or {}, language, self.key)


class SourceOpening(Base):
    """An organisation, with those under it, lets a source of another owner state facts there, for a time."""

    __tablename__ = "source_opening"
    __table_args__ = (valid(), open_index("source_id"), open_index("organisation_id"))

    id: Mapped[UUID] = key()
    source_id: Mapped[UUID] = mapped_column(ForeignKey("source.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    opened_by: Mapped[UUID]
    closed_by: Mapped[UUID | None]


class Run(Base):
    """One run of a source: phases with times, counts, what proved it complete, and why it stopped."""

    __tablename__ = "run"
    __table_args__ = (Index(None, "source_id", "id"),)

    id: Mapped[UUID] = key()
    source_id: Mapped[UUID] = mapped_column(ForeignKey("source.id"))
    actor_person_id: Mapped[UUID | None]
    state: Mapped[str]
    dry_run: Mapped[bool]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    phases: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]
    completeness: Mapped[str | None]
    header: Mapped[str | None]
    digest: Mapped[str | None]
    reasons: Mapped[list[Any]]
    plan_id: Mapped[UUID | None]


class RunReject(Base):
    """A row that was left out of a run: line, field, reason and remedy, never the value."""

    __tablename__ = "run_reject"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    file: Mapped[str | None]
    line: Mapped[int | None]
    field: Mapped[str | None]
    message: Mapped[str]
    remedy: Mapped[str]
    params: Mapped[dict[str, Any]]


class Record(Base):
    """What a source's record last said, as a digest; where it was read; whose it is; since when it is missing.

    ``waits`` is the digest of what it said when the guard held that, until it is decided or said otherwise; ``refused``
    of what was refused, which is not asked again. ``GONE`` stands in both for a record that does not come any more.
    """

    __tablename__ = "record"
    __table_args__ = (
        UniqueConstraint("source_id", "kind", "key"),
        Index(None, "person_id"),
        Index("ix_record_waits", "source_id", postgresql_where=_WAITS, sqlite_where=_WAITS),
    )

    id: Mapped[UUID] = key()
    source_id: Mapped[UUID] = refers_to("source.id")
    kind: Mapped[str]
    key: Mapped[str]
    digest: Mapped[bytes]
    run_id: Mapped[UUID] = refers_to("run.id")
    file: Mapped[str | None]
    line: Mapped[int | None]
    person_key: Mapped[str | None]
    person_id: Mapped[UUID | None] = refers_to("person.id")
    missing_since: Mapped[datetime | None]
    waits: Mapped[bytes | None]
    refused: Mapped[bytes | None]


class AwaitedRelationship(Base):
    """A relationship that a record told of somebody whom its source has not brought yet; it becomes a fact when that
    happens.

    The two keys are the source's own of the two persons, ``key_kind`` is the kind of identifier that they are.
    """

    __tablename__ = "awaited_relationship"
    __table_args__ = (Index(None, "source_id"),)

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    person_key: Mapped[str] = mapped_column(primary_key=True)
    other_key: Mapped[str] = mapped_column(primary_key=True)
    key_kind: Mapped[str]
    source_id: Mapped[UUID] = mapped_column(ForeignKey("source.id"))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]


class Acceptance(Base):
    """A second administrator accepted what the guard held, for exactly one input (its digest)."""

    __tablename__ = "acceptance"

    source_id: Mapped[UUID] = mapped_column(ForeignKey("source.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"))
    accepted_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    accepted_at: Mapped[datetime]


class KeptReading(Base):
    """A part of what a run read whose effects wait, sealed; ``n`` counts the parts from 0."""

    __tablename__ = "kept_reading"
    __table_args__ = (UniqueConstraint("run_id", "n"), Index(None, "source_id"))

    id: Mapped[UUID] = key()
    source_id: Mapped[UUID] = mapped_column(ForeignKey("source.id"))
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"))
    n: Mapped[int]
    sealed: Mapped[bytes]


class Ambiguity(Base):
    """A record whose person cannot be told. A human decides.

    ``reason``: its identifiers name ``several`` persons, two ``codes`` stand under one key, a code and a name are
    ``other`` than known, or a ``number`` finds somebody whose code or names do not agree. ``told`` is what the source
    says of the person, without the identity code.
    """

    __tablename__ = "ambiguity"
    __table_args__ = (UniqueConstraint("source_id", "person_key"),)

    id: Mapped[UUID] = key()
    source_id: Mapped[UUID] = mapped_column(ForeignKey("source.id"))
    person_key: Mapped[str]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"))
    candidates: Mapped[list[str]]
    reason: Mapped[str] = mapped_column(default="several")
    told: Mapped[dict[str, Any]] = mapped_column(default=dict)
    decided_person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
