"""What the records of a run said, gathered as rows of the working tables and copied in once everything is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.orm import Session

from connectors.records import Record
from iam.database.bulk import analyze, copy_rows
from iam.database.entropy import Entropy
from iam.database.types import uuid7
from iam.directory.name_words import sort_key, words
from iam.lifecycle import staged
from iam.sources.reading.columns import Said, SaidAffiliation, SaidPerson, SaidRelationship
from iam.vault import Vault, seal


class PersonRow(NamedTuple):
    """A person as a row of the working table; the fields are called as its columns are. ``words`` are those of the
    name, parted by spaces."""

    person_key: str
    as_kind: str
    given_names: str | None
    call_name: str | None
    family_name: str | None
    email: str | None
    phone: str | None
    birth_date: date | None
    login: str | None
    sort_name: str
    words: str
    has_profile: bool
    code_mac: bytes | None
    wrapped_key: bytes | None
    sealed_code: bytes | None
    person_id: UUID
    fresh: bool
    suspended: bool


class IdentifierRow(NamedTuple):
    """A number or name of a person; a personal identity code by its keyed hash."""

    person_key: str
    person_id: UUID
    kind: str
    issuer: str
    value: str | None
    value_mac: bytes | None


class RelationshipRow(NamedTuple):
    """A relationship as a row of the working table; ``person_key`` is its holder. Who both ends are is filled in when
    everything is read."""

    row_id: int
    record_id: UUID
    person_key: str
    person_id: UUID | None
    kind: str
    other_key: str
    other_person_id: UUID | None
    valid_from: datetime
    valid_to: datetime
    optional: bool


_COLUMNS: Mapping[Table, tuple[str, ...]] = {
    staged.record: ("record_id", "kind", "key", "digest", "file", "line", "person_key", "person_id", "fresh", "held"),
    staged.person: PersonRow._fields,
    staged.identifier: IdentifierRow._fields,
    staged.affiliation: ("row_id", "record_id", "person_key", "person_id", *SaidAffiliation._fields),
    staged.absence: ("record_id", "valid_from", "valid_to"),
    staged.relationship: RelationshipRow._fields,
    staged.group: ("record_id", "record_key", "organisation_id", "kind", "key", "name"),
    staged.membership: (
        "row_id",
        "record_id",
        "person_key",
        "person_id",
        "group_kind",
        "group_key",
        "valid_from",
        "valid_to",
    ),
}

_GATHERED = (staged.record, staged.affiliation, staged.absence, staged.group, staged.membership)
"""The tables whose rows are whole as soon as one record was read."""


class StagedRows:
    """The rows of one run, while it is read. A person is one row however many records speak of them."""

    def __init__(self) -> None:
        self._persons: dict[str, SaidPerson] = {}
        self._codes: dict[str, str] = {}
        self._tables: dict[Table, list[tuple[Any, ...]]] = {table: [] for table in _GATHERED}
        self._identifiers: dict[tuple[str, str, str, str], None] = {}
        self._relationships: list[RelationshipRow] = []
        self._ids: dict[str, UUID] = {}
        self._numbers, self._draw = count(1), Entropy()
        self.twice: set[str] = set()
        """The keys of persons under which two identity codes were told."""

    def keep(self, record: Record, known: UUID | None, said: Said, digest: bytes) -> None:
        """Keep what one record said, as rows of the tables it speaks of; ``known`` is its id where it came before,
        ``digest`` what is remembered of it."""
        record_id, fresh = known or uuid7(self._draw), known is None
        key, person_id = (said.person.key, self._person(said.person, said)) if said.person is not None else (None, None)
        rows = self._tables
        rows[staged.record].append(
            (record_id, record.kind, record.key, digest, record.file, record.line, key, person_id, fresh, False)
        )
        for a in said.affiliations:
            rows[staged.affiliation].append((next(self._numbers), record_id, key, person_id, *a))
        if said.absence is not None:
            rows[staged.absence].append((record_id, *said.absence))
        if key is not None:
            self._relationships += (self._relationship(record_id, key, one) for one in said.relationships)
        if said.group is not None:
            organisation_id, kind, text = said.group
            rows[staged.group].append((record_id, record.key, organisation_id, kind, record.key, text))
        if said.membership is not None:
            group_kind, group_key, start, end = said.membership
            rows[staged.membership].append(
                (next(self._numbers), record_id, key, person_id, group_kind, group_key, start, end)
            )

    def _person(self, person: SaidPerson, said: Said) -> UUID:
        before = self._persons.get(person.key)
        newer = before is None or not before.describes or (before.updated or date.min) <= (person.updated or date.min)
        if before is None or (newer and person.describes):
            self._persons[person.key] = person
        if said.code is not None and self._codes.setdefault(person.key, said.code) != said.code:
            self.twice.add(person.key)
        for kind, issuer, value in said.identifiers:
            self._identifiers[person.key, kind, issuer, value] = None
        return self._ids.get(person.key) or self._ids.setdefault(person.key, uuid7(self._draw))

    def _relationship(self, record_id: UUID, key: str, said: SaidRelationship) -> RelationshipRow:
        holder, other = (key, said.other_key) if said.is_holder else (said.other_key, key)
        n, days = next(self._numbers), (said.valid_from, said.valid_to)
        return RelationshipRow(n, record_id, holder, None, said.kind, other, None, *days, said.optional)

    def write(self, session: Session, vault: Vault) -> None:
        """Copy everything into the working tables, personal identity codes sealed; what was gathered is let go, a table
        at a time."""
        for table in [*self._tables]:
            _copy(session, table, self._tables.pop(table))
        macs: list[tuple[str, bytes]] = []
        _copy(session, staged.person, self._person_rows(vault, macs))
        self._persons.clear()
        self._codes.clear()
        _copy(session, staged.identifier, self._identifier_rows(macs))
        self._identifiers.clear()
        ids = self._ids.get
        rows = (
            row._replace(person_id=ids(row.person_key), other_person_id=ids(row.other_key))
            for row in self._relationships
        )
        _copy(session, staged.relationship, rows)
        self._relationships.clear()
        self._ids.clear()

    def _identifier_rows(self, macs: Iterable[tuple[str, bytes]]) -> Iterator[IdentifierRow]:
        for key, kind, issuer, value in self._identifiers:
            yield IdentifierRow(key, self._ids[key], kind, issuer, value, None)
        for key, mac in macs:
            yield IdentifierRow(key, self._ids[key], "identity-code", "", None, mac)

    def _person_rows(self, vault: Vault, macs: list[tuple[str, bytes]]) -> Iterator[PersonRow]:
        """Yield the persons; by which keyed hash the codes of some are found goes into ``macs``."""
        for key, person in self._persons.items():
            mac, wrapped, sealed = self._sealed(vault, key)
            if mac is not None:
                macs.append((key, mac))
            said = person.attributes.get
            sort_name = sort_key(said("family_name"), said("call_name") or said("given_names"))
            born = said("birth_date")
            yield PersonRow(
                key,
                person.as_,
                said("given_names"),
                said("call_name"),
                said("family_name"),
                said("email"),
                said("phone"),
                date.fromisoformat(born) if born else None,
                said("login"),
                sort_name,
                " ".join(words(said(name) for name in ("given_names", "call_name", "family_name"))),
                person.describes,
                mac,
                wrapped,
                sealed,
                self._ids[key],
                True,
                person.suspended,
            )

    def _sealed(self, vault: Vault, key: str) -> tuple[bytes | None, bytes | None, bytes | None]:
        code = self._codes.get(key)
        if code is None:
            return None, None, None
        own, wrapped = vault.new_key(self._draw)
        return vault.mac("identity-code", "", code), wrapped, seal(own, "identity-code", code, draw=self._draw)


def _copy(session: Session, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    copy_rows(session, table, _COLUMNS[table], rows)
    analyze(session, table)
