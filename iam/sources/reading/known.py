"""What is known of a source's records from run to run: which there are, their digests, since when one is missing, and
when it ends."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, case, literal, select, update
from sqlalchemy.orm import Session

from iam.directory.source import GONE, Record
from iam.lifecycle import staged

Missing = list[tuple[UUID, datetime | None]]
"""Records that a complete reading did not bring, and since when."""


@dataclass(slots=True)
class Known:
    """What the last runs left of one record."""

    record_id: UUID
    digest: bytes
    missing_since: datetime | None
    refused: bytes | None
    waits: bool


def known_records(session: Session, source_id: UUID) -> dict[tuple[str, str], Known]:
    """Return every record the source has left, by kind and key."""
    r = Record
    columns: Any = (r.kind, r.key, r.id, r.digest, r.missing_since, r.refused, r.waits.is_not(None))
    rows = session.execute(select(*columns).where(r.source_id == source_id))
    return {(kind, key): Known(*rest) for kind, key, *rest in rows}


class Keys:
    """The keys of known records in order, by kind, so that those with one beginning are found together."""

    def __init__(self, known: Iterable[tuple[str, str]]) -> None:
        self._known = known
        self._sorted: dict[str, list[str]] = {}

    def beginning(self, kind: str, prefix: str) -> list[str]:
        """Return the keys of a kind that begin with ``prefix``."""
        if kind not in self._sorted:
            self._sorted[kind] = sorted(key for each, key in self._known if each == kind)
        keys = self._sorted[kind]
        return [*takewhile(lambda key: key.startswith(prefix), islice(keys, bisect_left(keys, prefix), None))]


def ending(missing: Missing, now: datetime, grace_hours: int) -> tuple[list[UUID], list[UUID]]:
    """Part the missing records into those that end now and those first missed by this run; pure.

    A record that goes missing ends in the second complete run that misses it, at least ``grace_hours`` later (design
    4.9).
    """
    horizon = now - timedelta(hours=grace_hours)
    ends = [record_id for record_id, since in missing if since is not None and since <= horizon]
    first = [record_id for record_id, since in missing if since is None]
    return ends, first


def remember(
    session: Session,
    gone: Sequence[UUID],
    first: Sequence[UUID],
    returned: Sequence[UUID],
    over: Sequence[UUID],
    now: datetime,
) -> None:
    """Write what a run changed: ended records lose their digest unless the guard held them, then that they are gone
    waits; the missing and the returned are marked. Of those that say again what stands (``over``) nothing is refused
    any more: should they say it once more, it is asked."""
    fx = staged.effect
    held = select(fx.c.record_id).where(fx.c.held, fx.c.record_id.is_not(None))
    if gone:
        ended = update(Record).where(Record.id.in_(select(staged.gone.c.record_id)))
        is_held = Record.id.in_(held)
        waits, none = literal(GONE, LargeBinary), literal(b"", LargeBinary)
        values = {"digest": case((is_held, Record.digest), else_=none), "waits": case((is_held, waits))}
        session.execute(ended.values(values).execution_options(synchronize_session=False))
    for ids, name, value in ((first, "missing_since", now), (returned, "missing_since", None), (over, "refused", None)):
        if ids:
            session.execute(update(Record), [{"id": record_id, name: value} for record_id in ids])


def forget_waiting(session: Session, source_id: UUID) -> None:
    """Forget what waited of an earlier run: the one that begins to write says what waits now."""
    query = update(Record).where(Record.source_id == source_id, Record.waits.is_not(None)).values(waits=None)
    session.execute(query.execution_options(synchronize_session=False))
