"""Undoing what a run of a source wrote, at /admin/runs/ID/undo: its effect first, and what waits about it."""

from __future__ import annotations

from hmac import compare_digest
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.feeds.runs import show
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.people import effects as effects_view
from iam.access.commands.publish import Preview
from iam.access.model.proposal import Proposal
from iam.directory.queries import profile
from iam.directory.source import Run, Source
from iam.errors import Conflict, Denied, Invalid
from iam.plans import proposals
from iam.sources import listing, undo
from iam.texts import N_
from iam.web import context, guard

_PAGE = "/admin/runs/{run_id}/undo"
SHOWN_PLACES = 20


@blueprint.get("/runs/<uuid:run_id>/undo")
@guard.decides("sources.accept")
def show_undoing(run_id: UUID) -> Response:
    """Show what people would gain and lose if what a run wrote were undone."""
    return _shown(run_id)


@blueprint.post("/runs/<uuid:run_id>/undo")
@guard.decides("sources.accept")
@guard.recent(_PAGE)
def undo_run(run_id: UUID) -> AnyResponse:
    """Undo it or let that wait; accept or refuse what waits."""
    session, (run, source) = context.db(), listing.run_of(context.db(), guard.part(), run_id)
    act, proposal, actor = request.form.get("act", ""), _waiting(run, source), context.actor()
    try:
        if proposal is None and act == "undo" and _is_seen(undo.preview(session, source, run).effects.digest):
            listing.run_of(session, frame.part_of("sources.accept"), run_id)
            waits = undo.undo(session, source, run, actor)
            return _done(run_id, N_("It waits for a second person.") if waits else _UNDONE)
        if proposal is not None and act == "refuse":
            undo.refuse(session, proposal, request.form.get("reason", ""), actor)
            return _done(run_id, N_("It was refused, and everything stays as it was."))
        if proposal is not None and act == "accept" and undo.accept(session, proposal, _is_seen, actor):
            return _done(run_id, _UNDONE)
    except (Denied, Conflict, Invalid) as error:
        problem = error.problems[0]
        return _shown(run_id, context.texts().sentence(problem), problem.field or "", error.status)
    told = N_("The effects changed meanwhile. Nothing was done; look at them again.")
    return _shown(run_id, context.texts().gettext(told), status=409)


_UNDONE = N_("What the run wrote is undone. Its rows are not asked again until they say something else.")


def _done(run_id: UUID, message: str) -> AnyResponse:
    return frame.done(context.texts().gettext(message), f"/admin/runs/{run_id}")


def _is_seen(digest: str) -> bool:
    return compare_digest(effects_view.sealed(digest), request.form.get("seen", ""))


def _waiting(run: Run, source: Source) -> Proposal | None:
    found = undo.of_source(context.db(), source.key)
    return found if found is not None and undo.run_of(context.db(), found).id == run.id else None


def _shown(run_id: UUID, error: str = "", field: str = "", status: int = 200) -> Response:
    session, texts = context.db(), context.texts()
    run, source = listing.run_of(session, guard.part(), run_id)
    would: Preview | None = None
    try:
        would = undo.preview(session, source, run, frame.part_of("persons.read"))
    except Conflict as conflict:
        error = error or texts.sentence(conflict.problems[0])
    run, source = listing.run_of(session, guard.part(), run_id)
    found = _waiting(run, source)
    proposer = found.proposed_by if found is not None else None
    return show(
        "sources/undo.html",
        run,
        source,
        "",
        status=status,
        proposal=found,
        reasons=[texts.sentence(one) for one in proposals.reasons_of(found.reasons)] if found is not None else [],
        moved=found is not None and would is not None and found.digest != would.effects.digest,
        effects=None if would is None else effects_view.view(session, would, found),
        proposer=profile(session, proposer).display_name if proposer else "",
        mine=proposer is not None and proposer == context.actor().person_id,
        error="" if field else error,
        reason_error=error if field else None,
        decide_at=f"/admin/runs/{run_id}/undo",
        seen="" if would is None else effects_view.sealed(would.effects.digest),
        shown_places=SHOWN_PLACES,
        turn=f"/admin/runs/{run_id}/undo?page=",
        turn_form=None,
    )
