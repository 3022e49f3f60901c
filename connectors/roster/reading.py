"""The rows of a bundle as items, and the evidence of all its files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from hashlib import sha256

from connectors.contract import Item, Retryable
from connectors.csv_file import CsvFile, Row
from connectors.problem import Problem
from connectors.records import Deleted, Evidence
from connectors.roster.bundle import Bundle
from connectors.roster.files import BundleFile
from connectors.roster.survey import Survey, survey

Teller = Callable[[Row], Iterable[Item]]
"""Tells one row of a file as items."""
MakeTeller = Callable[[BundleFile, tuple[str, ...], Survey], Teller]
"""Makes the ``Teller`` of a file whose header has these columns."""


def everything(
    bundle: Bundle, files: Sequence[BundleFile], digests: Mapping[str, str], make: MakeTeller
) -> Generator[Item, None, Evidence]:
    """Yield the rows of ``files`` as items, and return the evidence; ``digests`` are of what was read besides them.

    Raises ``Malformed`` before the first item when the bundle cannot be read as a whole.
    """
    known = survey(bundle, files)
    rows = deleted = 0
    for file in files:
        if file.kind is not None:
            stay, go = yield from _items(bundle, file, known, make)
            rows, deleted = rows + stay, deleted + go
    return Evidence(
        rows=rows,
        digest=_digest({**digests, **known.digests}),
        header=_digest(known.headers),
        finished=not known.unfinished,
        deleted=deleted,
    )


def _digest(parts: Mapping[str, str]) -> str:
    return sha256("".join(f"{name} {parts[name]}\n" for name in sorted(parts)).encode()).hexdigest()


def _items(bundle: Bundle, file: BundleFile, known: Survey, make: MakeTeller) -> Generator[Item, None, tuple[int, int]]:
    """Yield the rows of one file; return how many items were no deletions, and how many were."""
    told = deleted = 0
    with bundle.open(file.file) as stream:
        table = CsvFile(stream, file.file, file.layout)
        tell = make(file, table.header.columns, known)
        for row in table.rows():
            for item in tell(row):
                told, deleted = told + 1, deleted + isinstance(item, Deleted)
                yield item
    _note(table, file, known)
    return told - deleted, deleted


def _note(table: CsvFile, file: BundleFile, known: Survey) -> None:
    """Keep what the end of a file tells; raise ``Retryable`` when it is not the file that was surveyed."""
    if known.digests.setdefault(file.name, table.digest) != table.digest:
        raise Retryable(
            Problem(
                "The bundle changed while it was read.", "Run the source again when the transfer has ended.", table.name
            )
        )
    if not table.finished:
        known.unfinished.add(file.name)
