"""What an agreement allows, made, altered and ended at /admin/agreements/KEY/clauses/new, /clauses/N/edit and
/clauses/N/end, with the effect before it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

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
    chosen,
    day_of,
)
from admin_ui.agreements.amending import is_asked, read_amendment
from admin_ui.agreements.pages import PATH, clause_place
from admin_ui.parts import words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.uses import positions_said, uses_said
from connectors.problem import Problem
from iam import clock
from iam.access.agreement_acts.clause import EndClause, SetClause, side_of, standing_clause
from iam.access.model.agreement import Agreement
from iam.access.model.agreements import Clause
from iam.access.pages import clause_form
from iam.errors import Conflict, Invalid
from iam.texts import N_
from iam.web import context, guard

_NEW, _EDIT, _END = (f"{PATH}/{{key}}/clauses/{rest}" for rest in ("new", "{n}/edit", "{n}/end"))
_SEVERAL = Problem(
    N_("The positions of this clause may do different things, which this form cannot show."),
    N_("End the clause and make one for each position, or change it in the declarations."),
)
AREA = "area-"
"""Before the id of an area among the places to choose from."""
Content = frozenset[tuple[str, str, str]]


@blueprint.get("/agreements/<key>/clauses/new")
@guard.requires("agreements.write")
def show_new_clause(key: str) -> Response:
    """Ask who allows what to whom, where and for how long."""
    return _form(None, agreement_here(key), ActForm(request.args))


@blueprint.post("/agreements/<key>/clauses/new")
@guard.requires("agreements.write")
@guard.recent(_NEW, act=DO)
def make_clause(key: str) -> AnyResponse:
    """Show what a new clause would give, or make it."""
    return answer(key, _read_new, partial(_form, None))


@blueprint.get("/agreements/<key>/clauses/<int:n>/edit")
@guard.requires("agreements.write")
def show_clause(key: str, n: int) -> Response:
    """Show a clause in the form, or what was written over it before a fresh proof was asked."""
    agreement = agreement_here(key)
    written = request.args if "scope" in request.args else _written(standing_clause(context.db(), agreement, n)[1])
    return _form(n, agreement, ActForm(written))


@blueprint.post("/agreements/<key>/clauses/<int:n>/edit")
@guard.requires("agreements.write")
@guard.recent(_EDIT, act=DO)
def alter_clause(key: str, n: int) -> AnyResponse:
    """Show what an altered clause would give and take, or alter it."""
    standing = standing_clause(context.db(), agreement_here(key), n)[1]
    return answer(key, partial(_altered, n, standing), partial(_form, n))


@blueprint.get("/agreements/<key>/clauses/<int:n>/end")
@guard.requires("agreements.write")
def show_clause_end(key: str, n: int) -> Response:
    """Ask on which day a clause ends."""
    agreement = agreement_here(key)
    standing_clause(context.db(), agreement, n)
    return _end_form(n, agreement, ActForm(request.args))


@blueprint.post("/agreements/<key>/clauses/<int:n>/end")
@guard.requires("agreements.write")
@guard.recent(_END, act=DO)
def end_clause(key: str, n: int) -> AnyResponse:
    """Show who would lose what from which day on, or end the clause."""
    says = standing_clause(context.db(), agreement_here(key), n)[1]
    side = side_of(context.db(), guard.asker(), says) or says.grantor_id
    return answer(
        key,
        lambda typed: EndClause(side, n, day_of(typed, "last_day"), read_amendment(typed)),
        partial(_end_form, n),
    )


def _read_new(typed: MultiDict[str, str]) -> SetClause:
    says = _says(typed)
    return SetClause(says.grantor_id, says, by=read_amendment(typed))


def _altered(n: int, standing: Clause, typed: MultiDict[str, str]) -> SetClause:
    """Return what a form says of a clause; who accepted a weaker enforcement stays as it is."""
    _written(standing)
    accepted = {name: getattr(standing, name) for name in ("weaker_accepted_by", "weaker_accepted_on")}
    says = replace(_says(typed), **accepted)
    return SetClause(side_of(context.db(), guard.asker(), says) or says.grantor_id, says, n, read_amendment(typed))


def _says(typed: MultiDict[str, str]) -> Clause:
    """Return the clause that a form says; raises ``Invalid``."""
    ids = [
        chosen({name: typed.get(name, "").removeprefix(AREA)}, name, Problem(message, field=name))
        for name, message in (
            ("grantor", N_("Choose who allows it.")),
            ("grantee", N_("Choose to whose people it is allowed.")),
            ("scope", N_("Choose where it is allowed.")),
        )
    ]
    over_area = typed.get("scope", "").startswith(AREA)
    begins = clock.day_start(day_of(typed, "valid_from")) if typed.get("valid_from") else clock.LONG_AGO
    ends = clock.day_end(day_of(typed, "valid_to")) if typed.get("valid_to") else clock.FOREVER
    kind = typed.get("relationship_kind", "").strip()[:LONGEST] or None
    below = "with_descendants" in typed
    return Clause(ids[0], ids[1], ids[2], below, kind, None, None, begins, ends, _content(typed), over_area)


def _content(typed: MultiDict[str, str]) -> Content:
    """Every position that was chosen or written may do everything that was chosen."""
    written = typed.get("more_positions", "")[:LONGEST].replace(";", ",").split(",")
    positions = {*typed.getlist("position"), *(one.strip() for one in written)} - {""}
    uses = [(group, operation) for group, _, operation in (one.partition(":") for one in typed.getlist("use"))]
    if not all(group and operation for group, operation in uses):
        raise Invalid(Problem(N_("Choose the uses from the list."), field="content"))
    return frozenset((position, *use) for position in positions for use in uses)


def _written(says: Clause) -> MultiDict[str, str]:
    """Return a clause as the form has it; raises ``Conflict`` when its positions may do different things."""
    positions = {position for position, *_ in says.content}
    uses = {(group, operation) for _, group, operation in says.content}
    if len(says.content) != len(positions) * len(uses):
        raise Conflict(_SEVERAL)
    below = [("with_descendants", "yes")] if says.with_descendants else []
    return MultiDict(
        [
            ("grantor", str(says.grantor_id)),
            ("grantee", str(says.grantee_id)),
            ("scope", f"{AREA if says.over_area else ''}{says.scope_id}"),
            ("relationship_kind", says.relationship_kind or ""),
            ("valid_from", _day(words.start(says.valid_from))),
            ("valid_to", _day(words.end(says.valid_to), last=True)),
            *below,
            *(("position", one) for one in sorted(positions)),
            *(("use", f"{group}:{operation}") for group, operation in sorted(uses)),
        ]
    )


def _day(at: datetime | None, *, last: bool = False) -> str:
    if at is None:
        return ""
    return (clock.last_day(at) if last else at.astimezone(ZoneInfo(clock.HELSINKI)).date()).isoformat()


def _form(n: int | None, agreement: Agreement, form: ActForm, status: int = 200) -> Response:
    session, part, language = context.db(), guard.part(), context.texts().language
    parties = choices(agreement, lambda line: line.state != "left")
    scopes = clause_form.scopes(session, part, [UUID(id_) for id_, _ in parties], language)
    areas = clause_form.areas(session, [one.id for one in scopes], language)
    known = [f"{group}:{operation}" for group, operation in clause_form.uses(session, part)]
    uses = sorted({*known, *form.typed.getlist("use")})
    positions = sorted({*clause_form.positions(session, part), *form.typed.getlist("position")})
    titled, said = positions_said(session, positions), uses_said(session, uses)
    return act_page(
        "clause",
        (N_("New clause") if n is None else N_("Alter the clause"), HEADINGS["clause"][1]),
        agreement,
        form,
        status,
        action=f"{PATH}/{agreement.key}/clauses/" + ("new" if n is None else f"{n}/edit"),
        parties=parties,
        scopes=[(str(one.id), one.name(language)) for one in scopes]
        + [(f"{AREA}{one.id}", clause_place(one.name(language), over_area=True)) for one in areas],
        positions=[(one, titled[one]) for one in positions],
        uses=[(one, said[one]) for one in uses],
        amends=is_asked(agreement),
    )


def _end_form(n: int, agreement: Agreement, form: ActForm, status: int = 200) -> Response:
    return act_page("clause_end", HEADINGS["end-clause"], agreement, form, status, n=n, amends=is_asked(agreement))
