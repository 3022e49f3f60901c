"""Some rows of a source, read before they are facts, so that somebody can say what its columns mean."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from connectors.contract import Connector, NamesColumns, ReadsAll
from connectors.identity_code import holds_code
from connectors.records import Record, Sample, Value
from iam.directory.person import Identifier
from iam.directory.protected import is_protected
from iam.directory.source import Source
from iam.sources.reading.columns import IDENTITY_CODE
from iam.vault import Vault

ROWS = 20
MASK = "••••••"
_FARTHEST = 20_000
"""So many records are looked at until each kind has its rows."""
_LONGEST = 80


def taken(connector: Connector, rows: int = ROWS) -> list[Sample]:
    """Return some rows of each kind of record that a connector gives, as the other system has them; raises
    ``ConnectorError``. Whoever calls has no transaction open: the other system is waited for."""
    if isinstance(connector, NamesColumns):
        return [connector.sample(rows)]
    if not isinstance(connector, ReadsAll):
        return []
    found: dict[str, list[Record]] = {kind: [] for kind in connector.kinds}
    with closing(connector.read()) as reading:
        for item in islice(reading, _FARTHEST):
            if isinstance(item, Record) and len(kept := found.setdefault(item.kind, [])) < rows:
                kept.append(item)
            if all(len(one) >= rows for one in found.values()):
                break
    return [_of_records(kind, records) for kind, records in found.items() if records]


def _of_records(kind: str, records: Sequence[Record]) -> Sample:
    columns = tuple(dict.fromkeys(name for record in records for name in record.fields))
    rows = tuple(tuple(_text(record.fields.get(name, "")) for name in columns) for record in records)
    return Sample(kind, columns, rows)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def openly(session: Session, vault: Vault, source: Source, sample: Sample) -> Sample:
    """Return a sample without the rows that name somebody protected, by an identity code or by the source's own
    number; one statement."""
    cells = {value.strip() for row in sample.rows for value in row} - {""}
    codes = {vault.mac("identity-code", "", value): value for value in cells if IDENTITY_CODE.match(value)}
    named = or_(
        and_(Identifier.kind == "identity-code", Identifier.value_mac.in_(codes)),
        and_(Identifier.issuer == source.key, Identifier.value.in_(cells)),
    )
    query = select(Identifier.value, Identifier.value_mac).where(
        Identifier.closed_by.is_(None), is_protected(Identifier.person_id), named
    )
    hidden = {codes.get(mac, "") if mac is not None else str(value) for value, mac in session.execute(query)}
    rows = tuple(row for row in sample.rows if hidden.isdisjoint(value.strip() for value in row))
    return replace(sample, rows=rows)


def masked(sample: Sample, codes: Collection[str]) -> Sample:
    """Return a sample to be shown: nothing in the columns ``codes``, and nothing that holds an identity code."""
    hidden = {n for n, name in enumerate(sample.columns) if name in codes}
    rows = tuple(tuple(_shown(value, n in hidden) for n, value in enumerate(row)) for row in sample.rows)
    return replace(sample, columns=tuple(_shown(name, False) for name in sample.columns), rows=rows)


def _shown(value: str, hide: bool) -> str:
    if value and (hide or holds_code(value)):
        return MASK
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
