"""Reading a source and staging what changed. A digest per record skips the unchanged before anything is parsed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.contract import Reading
from connectors.problem import Problem
from connectors.records import Deleted, Evidence, Record, Rejected, Whole
from iam import clock
from iam.access.model.assignment import Assignment
from iam.database.bulk import expect_many, plain_rows
from iam.database.statement import Rows, Statement, row
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.directory.person import Identifier
from iam.directory.source import GONE, Record as SourceRecord, Source
from iam.lifecycle import staged
from iam.sources.reading import beyond as standing, columns, meaning, walls
from iam.sources.reading.columns import Places, Rejection, Said
from iam.sources.reading.known import Keys, Known, Missing, known_records
from iam.sources.reading.matching import Matching
from iam.sources.reading.staged_rows import StagedRows
from iam.vault import Vault

REJECTS_KEPT = 10_000
MANY = 500
"""Above this many records that are new, changed or gone, a load may be one of which the planner knows nothing."""
_ALIASES = "org"
"""Records of this kind name organisations for the others, so they are read even when unchanged."""


@dataclass
class Staged:
    """What reading brought: counts, rejected rows, what of others was not taken whole, the evidence, and the records
    that did not come.

    ``beyond`` are the records that tell standing facts where their source may not, or not all the time. ``refused``
    counts those that say, or lack, what was refused; ``over`` are the records that say again what stands;
    ``waited`` says whether something of an earlier run waits.
    """

    rows: int = 0
    unchanged: int = 0
    refused: int = 0
    fresh: int = 0
    changed: int = 0
    rejected: int = 0
    rejects: list[tuple[str, Problem]] = field(default_factory=list)
    warned: int = 0
    warnings: list[tuple[str, Problem]] = field(default_factory=list)
    beyond: set[tuple[str, str]] = field(default_factory=set)
    evidence: Evidence | None = None
    checkpoint: str | None = None
    deleted: list[UUID] = field(default_factory=list)
    missing: Missing = field(default_factory=list)
    returned: list[UUID] = field(default_factory=list)
    over: list[UUID] = field(default_factory=list)
    waited: bool = False

    @property
    def touched(self) -> int:
        """How many records the reading brought anew or otherwise, or lacks."""
        return self.fresh + self.changed + len(self.deleted) + len(self.missing)

    @property
    def news(self) -> bool:
        """Whether the reading brought, or lacks, anything."""
        return self.touched > 0


def places(session: Session, source: Source) -> Places:
    """Return the organisations a source may name, by key, OID, school code and business id, and where it may state
    facts."""
    by_key: dict[str, UUID] = {}
    keys: dict[UUID, str] = {}
    for id_, key, *codes in _ORGANISATIONS.all(session):
        keys[id_] = key
        for code in (*codes, key):
            if code:
                by_key[code] = id_
    placed = frozenset(_PLACED.all(session))
    return Places(by_key, placed, source.owner_id, {}, walls.load(session, source, keys, clock.now()))


def _organisations() -> Rows:
    o = Organisation
    return select(o.id, o.key, o.business_id, o.school_code, o.oph_oid)


def _placed() -> Rows:
    return select(OrganisationPlace.organisation_id).where(OrganisationPlace.closed_by.is_(None)).distinct()


_ORGANISATIONS: Statement[tuple[Any, ...]] = Statement(_organisations, row)
_PLACED: Statement[UUID] = Statement(_placed, lambda organisation_id: organisation_id)


class Stager:
    """Reads one source once. Rows are kept in lists until everything is read, then copied in."""

    def __init__(
        self, session: Session, vault: Vault, source: Source, matching: Matching, progress: Callable[[int], None]
    ) -> None:
        self._session, self._vault, self._progress = session, vault, progress
        self._places = places(session, source)
        meaning.follow_places(session, source, self._places.by_key)
        self._known = known_records(session, source.id)
        self._keys = Keys(self._known)
        self._meanings = meaning.of_kinds(source, matching)
        self._meaning: tuple[str, bytes, bytes] | None = None
        self._seen: set[tuple[str, str]] = set()
        self._unnamed: set[str] = set()
        self._rows = StagedRows()
        self._readers = {
            name: columns.reader(kind, source.zone, source.key, self._places) for name, kind in matching.kinds.items()
        }
        walls.stage(session, self.walls)
        waited = any(one.waits for one in self._known.values())
        self.result = Staged(beyond=standing.beyond(session, source.id, self.walls), waited=waited)

    @property
    def walls(self) -> walls.Walls:
        """Where the source may state facts."""
        return self._places.walls

    def remember_places(self, source: Source) -> None:
        """Keep by which codes the source named organisations, for the next run to compare."""
        meaning.remember_places(self._session, source, self._places.by_key)

    @property
    def twice(self) -> set[str]:
        """The keys of persons under which two identity codes were told."""
        return self._rows.twice

    def read(self, reading: Reading) -> Staged:
        """Read to the end, stage what is new or changed, and return the counts; raises ``ConnectorError``."""
        with plain_rows():
            self._read(reading)
            if self.result.news:
                staged.prepare(self._session)
                self._rows.write(self._session, self._vault)
        if self.result.touched > MANY:
            joined = (SourceRecord, Identifier, Affiliation, Assignment)
            expect_many(self._session, self.result.touched, *(one.__table__ for one in joined))
        return self.result

    def _read(self, reading: Reading) -> None:
        result = self.result
        for item in reading:
            if isinstance(item, Whole):
                self._whole(item)
                continue
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
        digest = self._digest(record)
        same = known is not None and self._says_the_same(known, digest) and name not in self.result.beyond
        if same:
            self.result.unchanged += 1
            if record.kind != _ALIASES:
                return
        if record.kind in self._readers:
            self._stage(record, known, same, digest)

    def _digest(self, record: Record) -> bytes:
        """The digest of what the record means: its words, how they are read, and the names of organisations that came
        before its kind."""
        if self._meaning is None or self._meaning[0] != record.kind:
            named = meaning.of_aliases(self._places.aliases)
            self._meaning = (record.kind, self._meanings.get(record.kind, b""), named)
        return meaning.of_row(self._meaning[1], self._meaning[2], record.digest)

    def _says_the_same(self, known: Known, digest: bytes) -> bool:
        """Whether the record says what stands, or just what was refused."""
        if known.refused is not None and known.refused in (digest, self.walls.mark(digest)):
            self.result.refused += 1
            return True
        stands = known.digest == digest or self._taken_in_part(known, digest)
        if stands and known.refused is not None:
            self.result.over.append(known.record_id)
        return stands

    def _taken_in_part(self, known: Known, digest: bytes) -> bool:
        """Whether the record says what it said when a part of it was taken, and just that part would be taken again."""
        return bool(self.walls.partly) and known.digest == self.walls.mark(digest)

    def _stage(self, record: Record, known: Known | None, same: bool, digest: bytes) -> None:
        try:
            said = self._readers[record.kind](record)
            if said.alias is not None:
                self._alias(record, said, said.alias)
        except Rejection as rejection:
            self._reject(record.kind, _at(record, rejection.problem), record.key)
            return
        for problem in said.warnings:
            self.warn(record.kind, _at(record, problem))
        if same:
            return
        for problem in said.cleaned:
            self.tell(record.kind, _at(record, problem))
        self.result.changed += known is not None
        self.result.fresh += known is None
        kept = self.walls.mark(digest) if said.cut else digest
        self._rows.keep(record, known.record_id if known is not None else None, said, kept)

    def _alias(self, record: Record, said: Said, organisation_id: UUID) -> None:
        """Remember the name, even of an organisation that the source never reaches: what is said of it there is told
        with its right reason."""
        self._places.aliases[record.key] = organisation_id
        if self.walls.partly.get(organisation_id) != ():
            return
        problem = self.walls.outside(organisation_id)
        if self.walls.enforced:
            raise Rejection.of(problem)
        said.warnings += (problem,)

    def warn(self, kind: str, problem: Problem) -> None:
        """Count a row that is not taken whole, or will not be."""
        self.result.warned += 1
        self.tell(kind, problem)

    def tell(self, kind: str, problem: Problem) -> None:
        """Say something of a row, which counts nowhere."""
        if len(self.result.warnings) < REJECTS_KEPT:
            self.result.warnings.append((kind, problem))

    def read_in_full(self, lost: Problem) -> None:
        """Tell why everything is read although only changes were asked for; no row of it is taken less than whole."""
        done = Problem(
            lost.message,
            "It was read in full in the same run; nothing more need be done.",
            field=lost.field,
            params=lost.params,
        )
        self.result.warnings.append(("checkpoint", done))

    def leave_out(self, kind: str, problem: Problem, fresh: bool) -> None:
        """Reject a row after it was staged; of a source from before walls, say only that it would be."""
        if not self.walls.enforced:
            self.warn(kind, problem)
            return
        self.result.fresh -= fresh
        self.result.changed -= not fresh
        self._count(kind, problem)

    def _whole(self, item: Whole) -> None:
        """Take for deleted what is known under the prefix and did not come; nothing where a row of it could not be
        told."""
        if item.kind in self._unnamed:
            return
        for key in self._keys.beginning(item.kind, item.prefix):
            if (item.kind, key) not in self._seen:
                self._deleted(Deleted(item.kind, key))

    def _deleted(self, item: Deleted) -> None:
        known = self._known.get((item.kind, item.key))
        if known is not None:
            self._seen.add((item.kind, item.key))
            if not self._may_be_gone(known):
                return
            self.result.deleted.append(known.record_id)

    def _reject(self, kind: str, problem: Problem, key: str | None = None) -> None:
        """Count a rejected row. Its record is not missing: what it said before stands until it can be read again.

        A row whose key cannot be told may be any that did not come, so that none of its kind counts as missing.
        """
        if key is not None:
            self._seen.add((kind, key))
        else:
            self._unnamed.add(kind)
        self._count(kind, problem)

    def _count(self, kind: str, problem: Problem) -> None:
        self.result.rejected += 1
        if len(self.result.rejects) < REJECTS_KEPT:
            self.result.rejects.append((kind, problem))

    def _missing(self) -> None:
        if self.result.evidence is not None and self.result.evidence.full:
            self.result.missing = [
                (known.record_id, known.missing_since)
                for name, known in self._known.items()
                if name not in self._seen and name[0] not in self._unnamed and self._may_be_gone(known)
            ]

    def _may_be_gone(self, known: Known) -> bool:
        refused = known.refused == GONE
        self.result.refused += refused
        return not refused


def _at(record: Record, problem: Problem) -> Problem:
    return Problem(problem.message, problem.remedy, record.file, record.line, problem.field, problem.params)
