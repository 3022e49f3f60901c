"""The clauses of an agreement as they were before a change, restored at /admin/agreements/KEY/history/CHANGE/restore,
with the effect before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.agreements.acts import DO, HEADINGS, ActForm, act_page, agreement_here, answer, beside
from admin_ui.agreements.amending import is_asked, read_amendment
from admin_ui.agreements.pages import PATH, clause_place
from admin_ui.parts import words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.uses import positions_said, uses_said
from iam.access.agreement_acts.restore import RestoreClauses, restoring
from iam.access.model.agreement import Agreement
from iam.access.model.agreements import Clause
from iam.directory.organisation import Organisation
from iam.errors import Conflict
from iam.texts import N_
from iam.web import context, guard

_RESTORE = PATH + "/{key}/history/{change_id}/restore"


@blueprint.get("/agreements/<key>/history/<uuid:change_id>/restore")
@guard.requires("agreements.write")
def show_restoring(key: str, change_id: UUID) -> Response:
    """Show which clauses would come back and which would be closed."""
    return _form(change_id, agreement_here(key), ActForm(request.args))


@blueprint.post("/agreements/<key>/history/<uuid:change_id>/restore")
@guard.requires("agreements.write")
@guard.recent(_RESTORE, act=DO)
def restore_clauses(key: str, change_id: UUID) -> AnyResponse:
    """Show what restoring the clauses would give and take, or restore them."""
    act = _act(change_id, agreement_here(key))
    if isinstance(act, Conflict):
        return _form(change_id, agreement_here(key), ActForm(request.form), act.status)
    return answer(key, lambda typed: replace(act, by=read_amendment(typed)), partial(_form, change_id))


def _act(change_id: UUID, agreement: Agreement) -> RestoreClauses | Conflict:
    """What would be done, or why there is nothing to restore; raises ``NotFound``."""
    try:
        return restoring(context.db(), agreement, change_id, guard.asker())
    except Conflict as error:
        return error


def _form(change_id: UUID, agreement: Agreement, form: ActForm, status: int = 200) -> Response:
    act = _act(change_id, agreement)
    if isinstance(act, Conflict):
        form.errors |= beside(act)
    said = [] if isinstance(act, Conflict) else told_moves(act, agreement)
    texts = context.texts()
    return act_page(
        "restore",
        HEADINGS["restore-clauses"],
        agreement,
        form,
        status,
        action=_RESTORE.format(key=agreement.key, change_id=change_id),
        amends=is_asked(agreement),
        told=[(texts.gettext(word), value) for word, value in said],
    )


def told_moves(act: RestoreClauses, agreement: Agreement) -> list[tuple[str, Any]]:
    """What restoring does to clauses now, as pairs of a word and a clause; two statements."""
    moves = act.moves(context.db(), agreement)
    names = _names(
        {id_ for one in (*moves.back, *moves.closed) for id_ in (one.grantor_id, one.grantee_id, one.scope_id)}
    )
    content = {use for one in (*moves.back, *moves.closed) for use in one.content}
    uses = uses_said(context.db(), {f"{group}:{operation}" for _, group, operation in content})
    positions = positions_said(context.db(), {position for position, *_ in content})
    back = [(N_("Comes back"), _in_words(one, names, uses, positions)) for one in moves.back]
    return back + [(N_("Is closed"), _in_words(one, names, uses, positions)) for one in moves.closed]


def _names(ids: set[UUID]) -> Mapping[UUID, str]:
    language = context.texts().language
    return {
        row.id: row.name(language) for row in context.db().scalars(select(Organisation).where(Organisation.id.in_(ids)))
    }


def _in_words(says: Clause, names: Mapping[UUID, str], said: Mapping[str, str], positions: Mapping[str, str]) -> str:
    """A clause in one line: who allows whom where, which position may do what, and from which day to which."""
    texts = context.texts()
    below = f" ({texts.gettext(N_('and what is under it'))})" if says.with_descendants else ""
    uses: dict[str, list[str]] = {}
    for position, group, operation in sorted(says.content):
        uses.setdefault(position, []).append(said[f"{group}:{operation}"])
    allowed = "; ".join(f"{positions[position]}: {', '.join(some)}" for position, some in uses.items())
    first, last = texts.first_day(words.start(says.valid_from)), texts.day(words.end(says.valid_to))
    days = f" ({first}–{last})" if first or last else ""
    sides = f"{names.get(says.grantor_id, '')} → {names.get(says.grantee_id, '')}"
    place = clause_place(names.get(says.scope_id, ""), over_area=says.over_area)
    return f"{sides}, {place}{below}: {allowed}{days}"
