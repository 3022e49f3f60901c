"""The rows that a run left out, or took in part only, at /admin/runs/ID/rejects and as a file: where, why, what to
do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from admin_ui.feeds.runs import show, told
from admin_ui.parts import exports, paging
from admin_ui.parts.frame import blueprint
from connectors.identity_code import holds_code
from iam.directory.source import Run, RunReject
from iam.sources import listing
from iam.sources.reading.staging import REJECTS_KEPT
from iam.texts import N_
from iam.web import context, guard

HIDDEN = "…"
"""Stands for what holds something like an identity code."""


class RejectCells(NamedTuple):
    """A row that was not taken whole, as a line of the file shows it; ``line`` None: the data has no lines."""

    file: str | None
    line: int | None
    field: str | None
    reason: str
    remedy: str
    became: str


@blueprint.get("/runs/<uuid:run_id>/rejects")
@guard.requires("sources.read")
def run_rejects(run_id: UUID) -> Response:
    """Show the rows that were left out: where they are, why, and what to do."""
    session = context.db()
    found, source = listing.run_of(session, guard.part(), run_id)
    after = max(0, request.args.get("after", 0, type=int))
    rows = listing.rejects(session, run_id, after, paging.SIZE + 1)
    earlier = paging.address(after=max(0, after - paging.SIZE)) if after else None
    later = paging.address(after=after + paging.SIZE) if len(rows) > paging.SIZE else None
    return show(
        "sources/rejects.html",
        found,
        source,
        "rejects",
        page=paging.Shown([_cells(found, row) for row in rows[: paging.SIZE]], earlier, later),
        kept=REJECTS_KEPT,
        not_kept=max(0, _left_out(found) - REJECTS_KEPT),
        export_url=f"/admin/runs/{run_id}/rejects.csv",
    )


@blueprint.get("/runs/<uuid:run_id>/rejects.csv")
@guard.requires("sources.read")
def run_rejects_file(run_id: UUID) -> Response:
    """Take home the rows that were left out."""
    found, _ = listing.run_of(context.db(), guard.part(), run_id)
    header = N_("File"), N_("Line"), N_("Field"), N_("Reason"), N_("What to do"), N_("What became of it")

    def rows(session: Session) -> Iterator[Sequence[object]]:
        after = 0
        while batch := listing.rejects(session, found.id, after, exports.BATCH):
            yield from (_cells(found, row) for row in batch)
            after = batch[-1].n
            session.expunge_all()

    return exports.csv_file("rejects", header, rows, {"run": str(run_id)})


def _cells(run: Run, row: RunReject) -> RejectCells:
    reason, remedy = told(row.message, row.remedy, row.params)
    # Those that were left out are kept before those that were taken in part.
    became = N_("left out") if row.n <= min(_left_out(run), REJECTS_KEPT) else N_("taken in part, or left out later")
    where = row.file and _openly(row.file), row.line, row.field and _openly(row.field)
    return RejectCells(*where, _openly(reason), _openly(remedy), context.texts().gettext(became))


def _left_out(run: Run) -> int:
    return int(run.counts.get("rejected", 0))


def _openly(text: str) -> str:
    return HIDDEN if holds_code(text) else text
