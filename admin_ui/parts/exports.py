"""Lists taken home as CSV: separated by semicolons, UTF-8 with a byte order mark, streamed, with an audit event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, stream_with_context
from sqlalchemy.orm import Session

from iam import clock, csv_text
from iam.audit import log
from iam.web import context, extension

Rows = Callable[[Session], Iterable[Sequence[object]]]
"""Reads the rows in a session of its own, piece by piece."""
EVENT = "person:list:exported"
BATCH = 1000
_CHUNK = 200


def csv_file(
    name: str,
    header: Sequence[str],
    rows: Rows,
    filters: Mapping[str, Any] | None = None,
    subject_id: UUID | None = None,
) -> Response:
    """Return the list ``name`` as a file ``name.csv`` and write the event that it was exported.

    ``header`` are English message ids. ``rows`` is called while the answer is being sent, in a session that only reads.
    ``filters`` go into the event: ids, kinds and states only, never what somebody searched for; ``subject_id`` is the
    one person it tells of.
    """
    envelope = {"list": name, "filters": dict(filters or {})}
    log.write(context.db(), EVENT, context.actor(), subject_id=subject_id, envelope=envelope)
    named = [context.texts().gettext(column) for column in header]
    response = Response(stream_with_context(_lines(named, rows)), mimetype="text/csv")
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def day(end: datetime | None) -> str:
    """Return the last day before a half-open end, for a cell; empty when there is no known end."""
    return "" if end is None or end >= clock.FOREVER else context.texts().day(end)


def _lines(header: Sequence[str], rows: Rows) -> Iterator[str]:
    yield csv_text.BOM + csv_text.written([header])
    with Session(extension.database.engine) as session:
        session.connection(execution_options={"read_only": True})
        waiting: list[Sequence[object]] = []
        for row in rows(session):
            waiting.append(row)
            if len(waiting) == _CHUNK:
                yield csv_text.written(waiting)
                waiting = []
        yield csv_text.written(waiting)
