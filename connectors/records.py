"""What a connector hands over: records, rejected rows, and evidence of completeness."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from connectors.problem import Problem

Value = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One row as the source has it.

    ``kind`` says which column matching reads it (``employment``, ``user``, ``group`` …); ``key`` is stable for the same
    row over runs and unique within the kind; ``digest`` is 16 bytes over the content and changes whenever a value does.
    ``line`` is the 1-based line in ``file`` where there is one.
    """

    kind: str
    key: str
    fields: Mapping[str, Value]
    digest: bytes
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of one kind of record as they stand in the other system, under its own columns: to be looked at."""

    kind: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be read as a record; ``key`` is given when it could be told."""

    kind: str
    key: str | None
    problem: Problem


@dataclass(frozen=True, slots=True)
class Deleted:
    """The source says that this record is gone (never inferred from absence; that is decided above)."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Whole:
    """The source has told, by now, every record of ``kind`` whose key begins with ``prefix``: any other is gone.

    For what is told as a list inside something else, where what leaves the list is never told by itself.
    """

    kind: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about whether everything was read; complete only after the last record.

    ``rows`` counts records and rejected rows, not deletions, which ``deleted`` counts, nor what is ``Whole``;
    ``declared`` is the number of rows that the source itself states (manifest, trailer, matching count). ``finished``
    says that paging or the file ended as it should, ``header`` is a digest of the column names, ``digest`` a
    hexadecimal SHA-256 over the input.
    """

    rows: int
    digest: str
    header: str
    finished: bool
    declared: int | None = None
    full: bool = True
    deleted: int = 0


def digest_of(values: Iterable[str]) -> bytes:
    """Return 16 bytes over ``values`` in order; U+001F parts them, which no source text may hold."""
    return blake2b("\x1f".join(values).encode("utf-8", "surrogatepass"), digest_size=16).digest()
