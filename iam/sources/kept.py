"""What a run read whose effects wait is kept, sealed, until they are decided: accepting applies just that, whatever the
source says by then.

It is read once more for that when the run has ended, for only few runs wait, and to keep what every run reads would
slow all of them. Where the source says something else meanwhile, or does not answer, nothing is kept, and accepting
reads it again.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from itertools import islice
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from connectors.contract import ConnectorError, Item, ReadsAll, ReadsChanges
from connectors.problem import Problem
from connectors.records import Deleted, Evidence, Record, Rejected, Whole
from iam.database.types import uuid7
from iam.directory.source import KeptReading, Source
from iam.sources.configured import by_key, connector_of
from iam.sources.report import Report
from iam.vault import Vault, row

AT_ONCE = 5000
"""Items that are sealed together."""
_TABLE = "kept_reading"
_log = structlog.get_logger("avain.sources")


class Kept:
    """A reading that was kept (``connectors.contract.Reading``); of its parts one at a time is open."""

    def __init__(self, session: Session, vault: Vault, run_id: UUID) -> None:
        k = KeptReading
        self._vault = vault
        self._parts = session.execute(select(k.id, k.sealed).where(k.run_id == run_id).order_by(k.n)).all()
        self._end = self._opened(*self._parts[0]) if self._parts else {}

    def __bool__(self) -> bool:
        return bool(self._parts)

    def __iter__(self) -> Iterator[Item]:
        for id_, sealed in self._parts[1:]:
            yield from map(_item, self._opened(id_, sealed))

    @property
    def evidence(self) -> Evidence:
        """See ``Reading``."""
        return Evidence(**self._end["evidence"])

    @property
    def checkpoint(self) -> str | None:
        """See ``Reading``."""
        found: str | None = self._end["checkpoint"]
        return found

    def _opened(self, id_: UUID, sealed: bytes) -> Any:
        return json.loads(zlib.decompress(self._vault.unwrap(sealed, row(_TABLE, id_))))

    def close(self) -> None:
        """See ``Reading``."""


def keep(sessions: sessionmaker[Session], vault: Vault, key: str, report: Report) -> None:
    """Keep what a run read, in the place of what any earlier one of its source did; nothing when the source says
    something else by now or does not answer."""
    try:
        with sessions() as session:
            parts = _read(by_key(session, key), report)
    except ConnectorError as error:
        _log.warning("what waits is not kept", source=key, why=str(error.problem))
        return
    with sessions.begin() as session:
        source_id = by_key(session, key).id
        forget(session, source_id)
        rows = [_sealed(vault, source_id, report.run_id, n, part) for n, part in enumerate(parts)]
        if rows:
            session.execute(insert(KeptReading), rows)


def hand_on(sessions: sessionmaker[Session], key: str, report: Report) -> None:
    """Let a run that read what was kept, and waits itself, have it."""
    with sessions.begin() as session:
        query = update(KeptReading).where(KeptReading.source_id == by_key(session, key).id)
        session.execute(query.values(run_id=report.run_id))


def forget(session: Session, source_id: UUID) -> None:
    """Forget what is kept of a source."""
    session.execute(delete(KeptReading).where(KeptReading.source_id == source_id))


def _read(source: Source, report: Report) -> list[bytes]:
    """Read as the run did, in parts of which the first holds the evidence; nothing when it is another input."""
    connector = connector_of(source)
    if report.header is None and source.checkpoint is not None and isinstance(connector, ReadsChanges):
        reading = connector.changes(source.checkpoint)
    elif isinstance(connector, ReadsAll):
        reading = connector.read()
    else:
        return []
    with closing(reading):
        items, parts = iter(reading), []
        while some := [_plain(item) for item in islice(items, AT_ONCE)]:
            parts.append(_packed(some))
        evidence, checkpoint = reading.evidence, reading.checkpoint
    if evidence.digest != report.digest:
        return []
    return [_packed({"evidence": asdict(evidence), "checkpoint": checkpoint}), *parts]


def _packed(part: Any) -> bytes:
    # What a problem fills its sentence with may be a day or a number of its own kind: it is only shown.
    return zlib.compress(json.dumps(part, separators=(",", ":"), default=str).encode(), 1)


def _sealed(vault: Vault, source_id: UUID, run_id: UUID, n: int, part: bytes) -> dict[str, Any]:
    id_ = uuid7()
    sealed = vault.wrap(part, row(_TABLE, id_))
    return {"id": id_, "source_id": source_id, "run_id": run_id, "n": n, "sealed": sealed}


def _plain(item: Item) -> list[Any]:
    if isinstance(item, Record):
        return ["record", item.kind, item.key, dict(item.fields), item.digest.hex(), item.file, item.line]
    if isinstance(item, Rejected):
        return ["rejected", item.kind, item.key, asdict(item.problem)]
    if isinstance(item, Whole):
        return ["whole", item.kind, item.prefix]
    return ["deleted", item.kind, item.key]


def _item(plain: list[Any]) -> Item:
    what, kind, key, *more = plain
    if what == "record":
        fields, digest, file, line = more
        if list in map(type, fields.values()):
            fields = {name: tuple(value) if value.__class__ is list else value for name, value in fields.items()}
        return Record(kind, key, fields, bytes.fromhex(digest), file, line)
    if what == "rejected":
        return Rejected(kind, key, Problem(**more[0]))
    return Whole(kind, key) if what == "whole" else Deleted(kind, key)
