"""An agreement that is not in force yet is given up at /admin/agreements/KEY/cancel."""

from __future__ import annotations

from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.agreements.acts import (
    DO,
    HEADINGS,
    LONGEST,
    ActForm,
    act_page,
    agreement_here,
    answer,
    choices,
    entity_of,
)
from admin_ui.agreements.pages import PATH
from admin_ui.parts.frame import blueprint
from iam.access.agreement_acts.cancel import Cancel
from iam.access.model.agreement import Agreement
from iam.web import guard

_CANCEL = f"{PATH}/{{key}}/cancel"


@blueprint.get("/agreements/<key>/cancel")
@guard.requires("agreements.write")
def show_cancellation(key: str) -> Response:
    """Ask which party gives the agreement up, and why."""
    return _form(agreement_here(key), ActForm(request.args))


@blueprint.post("/agreements/<key>/cancel")
@guard.requires("agreements.write")
@guard.recent(_CANCEL, act=DO)
def cancel_agreement(key: str) -> AnyResponse:
    """Show what would never come, or cancel the agreement: it waits for nobody."""
    return answer(key, _read, _form)


def _read(typed: MultiDict[str, str]) -> Cancel:
    return Cancel(entity_of(typed), typed.get("reason", "")[:LONGEST])


def _form(agreement: Agreement, form: ActForm, status: int = 200) -> Response:
    parties = choices(agreement, lambda line: line.state != "left")
    return act_page("cancel", HEADINGS["cancel"], agreement, form, status, parties=parties)
