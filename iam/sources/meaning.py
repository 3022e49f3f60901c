"""What the rows of a source mean: a digest of all that is read besides the row, so that another meaning makes every row new.

The column matching, the source's zone, how identifiers find people, and the codes of those organisations that the source has stated
facts of: a school whose code is corrected takes its pupils along, and a school that joins elsewhere makes nobody be read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from iam.directory.affiliation import Affiliation, Group
from iam.directory.source import Source
from iam.sources.matching import Matching

SIZE = 16


def of_kinds(session: Session, source: Source, matching: Matching, codes: Mapping[str, UUID]) -> dict[str, bytes]:
    """Return, for each kind of record, the digest of what its rows mean; ``codes`` are the organisations by the codes that may name them."""
    a, g = Affiliation, Group
    places = union(
        select(a.organisation_id).where(a.source_id == source.id, a.closed_by.is_(None)),
        select(g.organisation_id).where(g.source_id == source.id),
    )
    used = set(session.scalars(places))
    named = sorted(f"{code}={one.hex}" for code, one in codes.items() if one in used)
    rest = "\x1e".join((source.zone, source.key, *matching.correlate, *named))
    return {name: _digest(kind.model_dump_json(), rest) for name, kind in matching.kinds.items()}


def of_row(meaning: bytes, aliases: bytes, row: bytes) -> bytes:
    """Return the digest that is remembered of a row; ``aliases`` are the names that the source itself gives organisations."""
    return blake2b(meaning + aliases + row, digest_size=SIZE).digest()


def of_aliases(aliases: Mapping[str, UUID]) -> bytes:
    """Return the digest of the names that a source gives organisations."""
    return _digest(*sorted(f"{key}={one.hex}" for key, one in aliases.items()))


def _digest(*parts: str) -> bytes:
    return blake2b("\x1d".join(parts).encode(), digest_size=SIZE).digest()
