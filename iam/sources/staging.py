"""Reading a source and staging what changed. A digest per record skips the unchanged before anything is parsed."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from connectors.contract import Reading
from connectors.problem import Problem
from connectors.records import Deleted, Evidence, Record, Rejected
from iam.database.bulk import analyze, copy_rows, expect_many
from iam.database.types import uuid7
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.directory.source import Record as StoredRecord
from iam.directory.source import Source
from iam.lifecycle import staged
from iam.sources import columns
from iam.sources.columns import Places, Rejection, Said, SaidPerson
from iam.sources.matching import Matching
from iam.vault import Vault, seal

REJECTS_KEPT = 10_000
MANY = 500
"""Above this many records read, sets are joined by hashing: a fresh load has no statistics to plan by, nor has the run after it."""


@dataclass(slots=True)
class Known:
    """What the last runs left of one record."""

    record_id: UUID
    digest: bytes
    missing_since: datetime | None


@dataclass
class Staged:
    """What reading brought: counts, rejected rows, the evidence, and the records that did not come."""

    rows: int = 0
    unchanged: int = 0
    fresh: int = 0
    changed: int = 0
    rejected: int = 0
    rejects: list[tuple[str, Problem]] = field(default_factory=list)
    evidence: Evidence | None = None
    checkpoint: str | None = None
    deleted: list[UUID] = field(default_factory=list)
    missing: list[tuple[UUID, datetime | None]] = field(default_factory=list)
    returned: list[UUID] = field(default_factory=list)


def places(session: Session, source: Source) -> Places:
    """Return the organisations a source may name, by key, OID, school code and business id."""
    by_key: dict[str, UUID] = {}
    for row in session.scalars(select(Organisation)):
        for code in (row.business_id, row.school_code, row.oph_oid, row.key):
            if code:
                by_key[code] = row.id
    entities = select(OrganisationPlace.organisation_id, OrganisationPlace.legal_entity_id).where(
        OrganisationPlace.closed_by.is_(None)
    )
    entity = dict(session.execute(entities.order_by(OrganisationPlace.valid_from)).all())
    return Places(by_key, entity, source.owner_id, {})


def known_records(session: Session, source_id: UUID) -> dict[tuple[str, str], Known]:
    """Return every record the source has left, by kind and key."""
    query = select(
        StoredRecord.kind, StoredRecord.key, StoredRecord.id, StoredRecord.digest, StoredRecord.missing_since
    )
    return {
        (kind, key): Known(id_, digest, missing)
        for kind, key, id_, digest, missing in session.execute(query.where(StoredRecord.source_id == source_id))
    }


class Stager:
    """Reads one source once. Rows are kept in lists until everything is read, then copied in."""

    def __init__(
        self, session: Session, vault: Vault, source: Source, matching: Matching, progress: Callable[[int], None]
    ) -> None:
        self._session, self._vault, self._source, self._matching, self._progress = (
            session,
            vault,
            source,
            matching,
            progress,
        )
        self._places = places(session, source)
        self._known = known_records(session, source.id)
        self._seen: set[tuple[str, str]] = set()
        self._unnamed: set[str] = set()
        self._persons: dict[str, SaidPerson] = {}
        self._codes: dict[str, str] = {}
        self._tables: dict[Table, list[tuple[Any, ...]]] = {table: [] for table in _COLUMNS}
        self._identifiers: dict[tuple[str, str, str, str], None] = {}
        self._ids: dict[str, UUID] = {}
        self._readers = {
            name: columns.reader(kind, source.zone, source.key, self._places) for name, kind in matching.kinds.items()
        }
        self.result = Staged()

    def read(self, reading: Reading) -> Staged:
        """Read to the end, stage what is new or changed, and return the counts; raises ``ConnectorError``."""
        with _no_collection():
            self._read(reading)
            self._write()
        return self.result

    def _read(self, reading: Reading) -> None:
        result = self.result
        for item in reading:
            result.rows += 1
            if isinstance(item, Record):
                self._record(item)
            elif isinstance(item, Rejected):
                self._reject(item.kind, item.problem, item.key)
            else:
                self._deleted(item)
            if result.rows % 5000 == 0:
                self._progress(result.rows)
        result.evidence, result.checkpoint = reading.evidence, reading.checkpoint
        self._missing()

    def _record(self, record: Record) -> None:
        name = (record.kind, record.key)
        self._seen.add(name)
        known = self._known.get(name)
        if known is not None and known.missing_since is not None:
            self.result.returned.append(known.record_id)
        same = known is not None and known.digest == record.digest
        if same:
            self.result.unchanged += 1
            if record.kind != _ALIASES:
                return
        if record.kind in self._readers:
            self._stage(record, known, same)

    def _stage(self, record: Record, known: Known | None, same: bool) -> None:
        try:
            said = self._readers[record.kind](record)
        except Rejection as rejection:
            p = rejection.problem
            self._reject(
                record.kind, Problem(p.message, p.remedy, record.file, record.line, p.field, p.params), record.key
            )
            return
        if said.alias is not None:
            self._places.aliases[record.key] = said.alias
        if same:
            return
        self.result.changed += known is not None
        self.result.fresh += known is None
        self._keep(record, known.record_id if known is not None else uuid7(), said, known is None)

    def _keep(self, record: Record, record_id: UUID, said: Said, fresh: bool) -> None:
        key, person_id = (said.person.key, self._person(said.person, said)) if said.person is not None else (None, None)
        rows = self._tables
        rows[staged.record].append(
            (record_id, record.kind, record.key, record.digest, record.file, record.line, key, person_id, fresh, False)
        )
        for a in said.affiliations:
            rows[staged.affiliation].append((record_id, key, person_id, *a))
        if said.absence is not None:
            rows[staged.absence].append((record_id, *said.absence))
        for kind, other, holder, start, end, optional in said.relationships:
            ends = (key, other) if holder else (other, key)
            rows[staged.relationship].append((record_id, ends[0], kind, ends[1], start, end, optional))
        if said.group is not None:
            organisation_id, kind, text = said.group
            rows[staged.group].append((record_id, record.key, organisation_id, kind, record.key, text))
        if said.membership is not None:
            group_kind, group_key, start, end = said.membership
            rows[staged.membership].append((record_id, key, person_id, group_kind, group_key, start, end))

    def _person(self, person: SaidPerson, said: Said) -> UUID:
        before = self._persons.get(person.key)
        newer = before is None or not before.describes or (before.updated or date.min) <= (person.updated or date.min)
        if before is None or (newer and person.describes):
            self._persons[person.key] = person
        if said.code is not None:
            self._codes[person.key] = said.code
        for kind, issuer, value in said.identifiers:
            self._identifiers[person.key, kind, issuer, value] = None
        return self._ids.setdefault(person.key, uuid7())

    def _deleted(self, item: Deleted) -> None:
        known = self._known.get((item.kind, item.key))
        if known is not None:
            self._seen.add((item.kind, item.key))
            self.result.deleted.append(known.record_id)

    def _reject(self, kind: str, problem: Problem, key: str | None = None) -> None:
        """Count a rejected row. Its record is not missing: what it said before stands until it can be read again.

        A row whose key cannot be told may be any that did not come, so that none of its kind counts as missing.
        """
        self.result.rejected += 1
        if key is not None:
            self._seen.add((kind, key))
        else:
            self._unnamed.add(kind)
        if len(self.result.rejects) < REJECTS_KEPT:
            self.result.rejects.append((kind, problem))

    def _missing(self) -> None:
        if self.result.evidence is not None and self.result.evidence.full:
            self.result.missing = [
                (known.record_id, known.missing_since)
                for name, known in self._known.items()
                if name not in self._seen and name[0] not in self._unnamed
            ]

    def _write(self) -> None:
        self._tables[staged.person] = list(self._person_rows())
        self._tables[staged.identifier] = [
            (key, self._ids[key], kind, issuer, value, None) for key, kind, issuer, value in self._identifiers
        ]
        self._tables[staged.identifier] += [
            (row[0], row[14], "identity-code", "", None, row[11])
            for row in self._tables[staged.person]
            if row[11] is not None
        ]
        self._tables[staged.relationship] = [
            (record_id, holder, self._ids.get(holder), kind, other, self._ids.get(other), start, end, optional)
            for record_id, holder, kind, other, start, end, optional in self._tables[staged.relationship]
        ]
        for table, rows in self._tables.items():
            copy_rows(self._session, table, _COLUMNS[table], rows)
            analyze(self._session, table)
        if self.result.rows > MANY:
            expect_many(self._session)

    def _person_rows(self) -> Iterator[tuple[Any, ...]]:
        for key, person in self._persons.items():
            said = person.attributes.get
            sort_name = (
                f"{said('family_name') or ''} {said('call_name') or said('given_names') or ''}".strip().casefold()
            )
            born = said("birth_date")
            yield (
                key, person.as_, said("given_names"), said("call_name"), said("family_name"), said("email"), said("phone"),
                columns.day(born) if born else None, said("login"), sort_name, person.describes, *self._sealed(key), self._ids[key],
                self._ids[key], True,
            )  # fmt: skip

    def _sealed(self, key: str) -> tuple[bytes | None, bytes | None, bytes | None]:
        code = self._codes.get(key)
        if code is None:
            return None, None, None
        own, wrapped = self._vault.new_key()
        return self._vault.mac("identity-code", "", code), wrapped, seal(own, "identity-code", code)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the cycle collector from walking the growing rows again and again: they hold no cycles."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


_ALIASES = "org"
"""Records of this kind name organisations for the others, so they are read even when unchanged."""

_COLUMNS: Mapping[Table, tuple[str, ...]] = {
    staged.record: ("record_id", "kind", "key", "digest", "file", "line", "person_key", "person_id", "fresh", "held"),
    staged.person: (
        "person_key", "as_kind", "given_names", "call_name", "family_name", "email", "phone", "birth_date", "login", "sort_name",
        "has_profile", "code_mac", "wrapped_key", "sealed_code", "first_id", "person_id", "fresh",
    ),
    staged.identifier: ("person_key", "person_id", "kind", "issuer", "value", "value_mac"),
    staged.affiliation: (
        "record_id", "person_key", "person_id", "organisation_id", "legal_entity_id", "kind", "occupation", "title", "is_primary", "substitute_for",
        "valid_from", "valid_to",
    ),
    staged.absence: ("record_id", "valid_from", "valid_to"),
    staged.relationship: ("record_id", "person_key", "person_id", "kind", "other_key", "other_id", "valid_from", "valid_to", "optional"),
    staged.group: ("record_id", "record_key", "organisation_id", "kind", "key", "name"),
    staged.membership: ("record_id", "person_key", "person_id", "group_kind", "group_key", "valid_from", "valid_to"),
}  # fmt: skip


def ending(
    missing: list[tuple[UUID, datetime | None]], now: datetime, grace_hours: int
) -> tuple[list[UUID], list[UUID]]:
    """Part the missing records into those that end now and those first missed by this run; pure.

    A record that goes missing ends in the second complete run that misses it, at least ``grace_hours`` later (design 4.9).
    """
    horizon = now - timedelta(hours=grace_hours)
    ends = [record_id for record_id, since in missing if since is not None and since <= horizon]
    first = [record_id for record_id, since in missing if since is None]
    return ends, first
