"""What the rows of a source mean: all that is read besides the row, so that another meaning makes every row new.

The column matching, the source's zone, how identifiers find people and the names that the source gives organisations
are part of the digest of each row. The codes of organisations are compared from run to run: a school whose code is
corrected takes its pupils along, and one that joins elsewhere makes nobody be read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from uuid import UUID

from sqlalchemy import select, union, update
from sqlalchemy.orm import Session

from iam.directory.affiliation import Affiliation, Group
from iam.directory.source import Record, Source
from iam.sources.reading.matching import Matching

SIZE = 16


def of_kinds(source: Source, matching: Matching) -> dict[str, bytes]:
    """Return, for each kind of record, the digest of how its rows are read."""
    rest = "\x1e".join((source.zone, source.key, *matching.correlate))
    return {name: _digest(kind.model_dump_json(), rest) for name, kind in matching.kinds.items()}


def of_row(meaning: bytes, aliases: bytes, row: bytes) -> bytes:
    """Return the digest that is remembered of a row; ``aliases`` are the names that the source itself gives
    organisations."""
    return blake2b(meaning + aliases + row, digest_size=SIZE).digest()


def of_aliases(aliases: Mapping[str, UUID]) -> bytes:
    """Return the digest of the names that a source gives organisations."""
    return _digest(*sorted(f"{key}={one.hex}" for key, one in aliases.items()))


def follow_places(session: Session, source: Source, codes: Mapping[str, UUID]) -> None:
    """Forget what every row said when a code that the source has used names another organisation now, or none."""
    if any(codes.get(code) != UUID(one) for code, one in (source.places or {}).items()):
        forget = update(Record).where(Record.source_id == source.id).values(digest=b"")
        session.execute(forget.execution_options(synchronize_session=False))


def remember_places(session: Session, source: Source, codes: Mapping[str, UUID]) -> None:
    """Keep the codes by which the source may have named the organisations that it has stated facts of."""
    a, g = Affiliation, Group
    places = union(
        select(a.organisation_id).where(a.source_id == source.id, a.closed_by.is_(None)),
        select(g.organisation_id).where(g.source_id == source.id),
    )
    used = set(session.scalars(places))
    named = {code: one.hex for code, one in sorted(codes.items()) if one in used}
    if named != source.places:
        source.places = named


def _digest(*parts: str) -> bytes:
    return blake2b("\x1d".join(parts).encode(), digest_size=SIZE).digest()
