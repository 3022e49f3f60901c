"""An organisation is added, renamed, moved, merged or closed at /admin/organisations/ID/acts/ACT.

What it does to people is shown first; then it is written, or waits for a second person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.organisations import act_form
from admin_ui.organisations.act_form import NAMES, WORDS, Ask
from admin_ui.organisations.pages import PATH
from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from admin_ui.people import effects as effects_view
from connectors.problem import Problem
from iam import clock
from iam.apply.on_pages import organisation_acts, stating
from iam.directory.organisation import Organisation
from iam.directory.pages import listing
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.lifecycle.organisations import acts
from iam.texts import N_
from iam.web import context, guard

SHOWN_PLACES = 20
OFFERED = 300
"""So many organisations are offered to be chosen from; any other is named by its name or key."""
DO = "do"
ACT = PATH + "/{organisation_id}/acts/{act}"


@dataclass(slots=True)
class OrganisationForm:
    """What was typed (None: nothing yet), what is wrong beside which field ("": above all), and what says otherwise now
    than when the form was opened."""

    typed: Mapping[str, str] | None = None
    errors: dict[str, str] = field(default_factory=dict)
    meanwhile: list[tuple[str, str]] = field(default_factory=list)


@blueprint.get("/organisations/<uuid:organisation_id>/acts/<act>")
@guard.requires("organisations.write")
def show_organisation_act(organisation_id: UUID, act: str) -> Response:
    """Show the form of an act on an organisation of the part."""
    return _form(_here(organisation_id, act), act, OrganisationForm())


@blueprint.post("/organisations/<uuid:organisation_id>/acts/<act>")
@guard.requires("organisations.write")
@guard.recent(ACT, act=DO)
def act_on_organisation(organisation_id: UUID, act: str) -> AnyResponse:
    """Show what the act does to people; or do it, when that is what was shown."""
    here, typed = _here(organisation_id, act), request.form
    if request.form.get("stood") != act_form.stood(here):
        return _form(here, act, OrganisationForm(typed, meanwhile=act_form.meanwhile(here, act, typed)), 409)
    try:
        acted = act_form.read(Ask(here, act, typed, guard.part()))
        if request.form.get("act") != DO:
            return _effect(here, act, acted)
        return _do(here, act, acted)
    except (Invalid, Conflict, Denied) as error:
        errors = act_form.beside(error)
        return _form(_here(organisation_id, act), act, OrganisationForm(typed, errors), error.status)


def _do(here: Organisation, act: str, acted: organisation_acts.Acted) -> AnyResponse:
    session, actor, vault = context.db(), context.actor(), context.vault()
    _, would = stating.look(session, acted.stating, actor, vault, frame.part_of("persons.read"))
    if not compare_digest(effects_view.sealed(would.effects.digest), request.form.get("seen", "")):
        moved = N_("The effects changed meanwhile. Nothing was done; look at them again.")
        return _effect(here, act, acted, context.texts().gettext(moved), 409)
    consortium = context.settings().consortium
    organisation_id = here.id
    report = organisation_acts.perform(session, acted, organisation_id, actor, vault, consortium=consortium)
    if report.held is not None:
        told = N_("Nothing was changed yet: it waits for a second person.")
    else:
        told = N_("It is written, and rights follow it.")
        organisation_id = session.scalar(select(Organisation.id).where(Organisation.key == acted.key)) or here.id
    return frame.done(context.texts().gettext(told), f"{PATH}/{_seen(organisation_id, here.id)}")


def _seen(organisation_id: UUID, otherwise: UUID) -> UUID:
    """The organisation whose page the reader may open now: what begins only later has none yet."""
    query = listing.organisations(frame.part_of("organisations.read")).where(Organisation.id == organisation_id)
    return organisation_id if context.db().scalars(query).first() is not None else otherwise


def _here(organisation_id: UUID, act: str) -> Organisation:
    if act not in acts.allowed(context.db(), guard.part(), organisation_id):
        raise NotFound(Problem("There is no such organisation, or it is outside your part."))
    return context.db().get_one(Organisation, organisation_id)


def _form(here: Organisation, act: str, form: OrganisationForm, status: int = 200) -> Response:
    texts = context.texts()
    return frame.render(
        "organisations/act.html",
        status,
        section="organisations",
        breadcrumb=_above(here),
        act=act,
        title=texts.gettext(WORDS[act].title),
        lead=texts.gettext(WORDS[act].lead),
        path=ACT.format(organisation_id=here.id, act=act),
        said=form.typed if form.typed is not None else act_form.standing(here, act),
        errors=form.errors,
        meanwhile=form.meanwhile,
        stood=act_form.stood(here),
        names=NAMES,
        kinds=[one for one in words.options(words.ORGANISATIONS) if one[0] != "consortium" or _is_top(here, act)],
        whole=guard.part().everything,
        offered=listing.offered(context.db(), guard.part(), texts.language, OFFERED),
        today=clock.today().isoformat(),
    )


def _is_top(here: Organisation, act: str) -> bool:
    return act == acts.RENAME and here.kind == "consortium"


def _effect(
    here: Organisation, act: str, acted: organisation_acts.Acted, wrong: str = "", status: int = 200
) -> Response:
    session, texts = context.db(), context.texts()
    report, would = stating.look(
        session, acted.stating, context.actor(), context.vault(), frame.part_of("persons.read")
    )
    values: dict[str, Any] = {
        "path": ACT.format(organisation_id=here.id, act=act),
        "notes": [texts.sentence(replace(note, file=None, line=None, field=None)) for note in report.notes],
        "kept": [(name, text) for name, text in request.form.items() if name in act_form.FIELDS and text],
        "told": act_form.told(here, act, request.form, guard.part()),
    }
    return frame.render(
        "stated/effect.html",
        status,
        section="organisations",
        breadcrumb=[*_above(here), (values["path"], texts.gettext(WORDS[act].title))],
        effects=effects_view.view(session, would),
        stood=act_form.stood(here),
        wrong=wrong,
        shown_places=SHOWN_PLACES,
        turn=None,
        turn_form="act",
        **values,
    )


def _above(here: Organisation) -> list[tuple[str, str]]:
    texts = context.texts()
    return [(PATH, texts.gettext(N_("Organisations"))), (f"{PATH}/{here.id}", here.name(texts.language))]
