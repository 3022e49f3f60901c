"""Sources at ``/api/v1/sources`` and their runs at ``/api/v1/runs``; a run is started here."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from iam.api.endpoints.answering import answer, answers, blueprint, page
from iam.api.endpoints.caller import audience
from iam.api.reading import feeds as read
from iam.api.shapes.base import PlaceInList
from iam.api.shapes.feeds import RunPage, RunStarted, RunTold, RunWanted, SourcePage, SourceTold
from iam.sources import background, listing
from iam.sources.background import Workplace
from iam.sources.listing import RUN_KEYS, SOURCE_KEYS
from iam.web import context, extension, guard


@blueprint.get("/sources")
@answers(SourcePage)
@blueprint.input(PlaceInList, location="query")
@guard.requires("sources.read")
def sources(query_data: PlaceInList) -> Response:
    """List the sources of the caller's part, each with its last run."""
    query = listing.sources(guard.part())
    return page(query, SOURCE_KEYS, query_data, lambda rows: [read.source(row) for row in rows])


@blueprint.get("/sources/<key>")
@answers(SourceTold)
@guard.requires("sources.read")
def source(key: str) -> Response:
    """Tell one source."""
    return answer(read.source(listing.source_of(context.db(), guard.part(), key)))


@blueprint.get("/sources/<key>/runs")
@answers(RunPage)
@blueprint.input(PlaceInList, location="query")
@guard.requires("sources.read")
def runs(key: str, query_data: PlaceInList) -> Response:
    """List the runs of a source, the newest first."""
    found = listing.source_of(context.db(), guard.part(), key)[0]
    query = listing.runs(found.id)
    return page(query, RUN_KEYS, query_data, lambda rows: [read.run(one, found) for one in rows], newest_first=True)


@blueprint.post("/sources/<key>/runs")
@answers(RunStarted, 202, writes=True)
@blueprint.input(RunWanted)
@guard.requires("sources.run")
def start_run(key: str, json_data: RunWanted) -> Response:
    """Start a run of a source; how it goes is told at ``Location``."""
    listing.source_of(context.db(), guard.part(), key)
    actor, settings = context.actor(), context.settings()
    # The run writes in transactions of its own; on SQLite there is one writer at a time, so ours must be over first.
    context.db().commit()
    worker = settings.worker
    place = Workplace(
        extension.database.engine, settings.vault.key_file, settings.log_level, worker.run_memory, worker.runs
    )
    run_id = background.start(place, key, actor, dry_run=json_data.dry_run)
    return answer({"id": str(run_id)}, 202, {"Location": f"{audience()}/runs/{run_id}"})


@blueprint.get("/runs/<uuid:run_id>")
@answers(RunTold)
@guard.requires("sources.read")
def run(run_id: UUID) -> Response:
    """Tell one run."""
    return answer(read.run(*listing.run_of(context.db(), guard.part(), run_id)))
