"""A declaration that waits for a second person, at /admin/declaration."""

from __future__ import annotations

from hmac import compare_digest

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.overview.difference_words import in_words
from admin_ui.overview.stated_words import stated_called
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.people import effects as effects_view
from connectors.problem import Problem
from iam.apply.guarded import name_of
from iam.apply.run import look_at_waiting
from iam.deciding import decide
from iam.deciding.decide import Decider
from iam.deciding.waiting import DECLARED, Waiting, waiting
from iam.directory.queries import profile
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.texts import N_
from iam.web import context, guard

PATH = "/admin/declaration"
SHOWN_PLACES = 20


def called(digest: str) -> str:
    """Return what the declaration with these effects is called in the reader's language."""
    return context.texts().gettext(N_("Declaration %(id)s")) % {"id": name_of(digest).partition("/")[2]}


def address(digest: str) -> str:
    """Return where the declaration with these effects is shown."""
    return f"{PATH}?waits={name_of(digest).partition('/')[2]}"


@blueprint.get("/declaration")
@guard.administers
def declaration() -> Response:
    """Show what a declaration (``waits`` in the address; without it, the one that waits longest) states, and whom it
    would give or take what."""
    found = _waiting(request.args.get("waits", ""))
    if found is None:
        return frame.render("overview/no_declaration.html", section="overview", breadcrumb=[])
    return _shown(found)


@blueprint.post("/declaration")
@guard.administers
@guard.recent(PATH)
def decide_on_declaration() -> AnyResponse:
    """Apply it when its effects are those that were shown; or refuse it with a reason."""
    session, found = context.db(), _waiting(request.form.get("waits", ""))
    if found is None:
        raise NotFound(Problem(N_("Nothing about this declaration waits any more.")))
    who = Decider(guard.asker(), context.actor(), context.vault(), context.settings().consortium)
    try:
        if request.form.get("act") != "accept":
            decide.refuse(session, found, who, request.form.get("reason", ""))
            return _done(N_("It was refused, and everything stays as it was."))
        if decide.is_approved(session, found, who, _is_seen):
            return _done(N_("It is applied, and rights follow it."))
    except (Denied, Conflict, Invalid) as error:
        problem = error.problems[0]
        return _shown(found, context.texts().sentence(problem), problem.field or "", error.status)
    told = context.texts().gettext(N_("The effects changed meanwhile. Nothing was done; look at them again."))
    return _shown(found, told, status=409)


def _is_seen(digest: str) -> bool:
    return compare_digest(effects_view.sealed(digest), request.form.get("seen", ""))


def _done(message: str) -> AnyResponse:
    return frame.done(context.texts().gettext(message), frame.HOME)


def _waiting(digest: str) -> Waiting | None:
    found = [one for one in waiting(context.db(), guard.asker()) if one.kind == DECLARED]
    return next((one for one in found if not digest or one.name == name_of(digest)), None)


def _shown(found: Waiting, error: str = "", field: str = "", status: int = 200) -> Response:
    session, texts = context.db(), context.texts()
    assert found.proposal is not None
    part, actor = frame.part_of("persons.read"), context.actor()
    report, would = look_at_waiting(session, found.proposal, actor, context.vault(), part)
    moved = would is not None and would.effects.digest != found.digest
    mine = found.proposed_by is not None and found.proposed_by == actor.person_id
    return frame.render(
        "overview/declaration.html",
        status,
        section="overview",
        breadcrumb=[],
        name=stated_called(session, [found.proposal]).get(found.proposal.id, called(found.digest)),
        waits=found,
        differences=in_words(session, [one for one in report.differences if one.action != "none"]),
        problems=[texts.sentence(one) for one in report.problems],
        reasons=[texts.sentence(one) for one in found.reasons],
        moved=moved,
        effects=None if would is None else effects_view.view(session, would, found.proposal),
        proposer=profile(session, found.proposed_by).display_name if found.proposed_by else "",
        mine=mine,
        error="" if field else error,
        reason_error=error if field else None,
        decide_at=PATH,
        waits_as=found.name.partition("/")[2],
        seen="" if would is None else effects_view.sealed(would.effects.digest),
        shown_places=SHOWN_PLACES,
        turn=f"{address(found.digest)}&page=",
        turn_form=None,
    )
