"""The steps of an act for many people: choose what is done, say the rest, see what follows from it, do it.

The way to /admin/bulk leads from a list, with who was chosen; without that people are pasted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.bulk import choosing, fields
from admin_ui.bulk.choosing import ChoiceForm
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.paging import SIZE
from admin_ui.parts.seen import profiles
from admin_ui.people import effects as effects_view, listing as persons
from admin_ui.people.effects import View
from admin_ui.people.listing import PATH as PERSONS, listed_name
from connectors.problem import Problem
from iam.bulk import plan
from iam.bulk.acts import registry
from iam.bulk.acts.accounts import TakeHome
from iam.bulk.acts.act import BulkAct, BulkAsker, SortedPeople
from iam.bulk.chosen import MOST, ChosenPeople
from iam.bulk.plan import BulkPreview, BulkReport
from iam.directory.pages.listing import PERSON_KEYS
from iam.directory.person import Person
from iam.directory.queries import Profile
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.signin.codes.words import letters
from iam.texts import N_
from iam.web import context, guard

PATH = "/admin/bulk"
HERE = f"{PATH}/{{does}}"
SHOWN_PLACES = 20
NAMED = 20
"""So many of those who were chosen are named."""


@dataclass(slots=True)
class BulkForm:
    """The form of an act as it was sent: what was typed, who was chosen, what is wrong, and what follows from it."""

    typed: Mapping[str, str]
    people: ChosenPeople = field(default_factory=lambda: ChosenPeople(()))
    problems: list[Problem] = field(default_factory=list)
    look: BulkPreview | None = None
    effects: View | None = None


@blueprint.get("/bulk")
@guard.requires("persons.read")
def bulk() -> Response:
    """Show what can be done for the people who were chosen; without any, for those of a paste."""
    form, problems = choosing.read(), list[Problem]()
    people = ChosenPeople(())
    try:
        people = choosing.people(form, guard.part())
    except Invalid as error:
        problems += error.problems
    if not form.is_paste and not people.ids and not problems:
        problems.append(Problem(N_("Nobody was chosen."), N_("Tick people in the list, or paste them.")))
    texts = context.texts()
    return frame.render(
        "bulk/choose.html",
        422 if problems else 200,
        section="persons",
        breadcrumb=[(PERSONS, texts.gettext(N_("Persons")))],
        choice=form,
        count=len(people.ids),
        names=_names(people.ids),
        acts=[(one.key, texts.gettext(one.label)) for one in _offered()],
        query=urlencode(form.carried),
        path=PATH,
        errors=[(None, texts.sentence(one)) for one in problems],
    )


@blueprint.get("/bulk/<does>")
@guard.requires("persons.read")
def bulk_act(does: str) -> Response:
    """Show the fields of an act."""
    kind, choice = _kind(does), choosing.read()
    # Who holds a role is most often chosen for something about that very role.
    form = BulkForm({"role": request.args.get("holders", "")})
    try:
        form.people = choosing.people(choice, _who().part(kind.permission))
    except Invalid as error:
        form.problems += error.problems
    return _page(kind, choice, form)


@blueprint.post("/bulk/<does>")
@guard.requires("persons.read")
@guard.recent(HERE)
def do_bulk_act(does: str) -> AnyResponse:
    """Show what an act does; with ``act=save``, and that seen, do it, or keep it waiting for a second person."""
    session, who = context.db(), _who()
    kind, choice, form = _kind(does), choosing.read(), BulkForm(request.form)
    try:
        act = _read(kind, choice, form)
        if request.form.get("act") == "edit":
            return _page(kind, choice, form)
        form.look = plan.preview(session, act, form.people.ids, who, frame.part_of("persons.read"))
        form.effects = effects_view.view(session, form.look.preview)
        if request.form.get("act") != "save":
            return _page(kind, choice, form)
        return _told(act, plan.do(session, act, form.people.ids, who, _is_seen))
    except (Invalid, Conflict, Denied) as error:
        form.problems += error.problems
        return _page(kind, choice, form, error.status)


def _offered() -> list[type[BulkAct]]:
    """The acts for people that the reader may do over some part."""
    return [one for one in registry.ACTS.values() if one.people and frame.may(one.permission)]


def _kind(does: str) -> type[BulkAct]:
    found = registry.of(_who(), does)
    if not found.people:
        raise NotFound
    return found


def _read(kind: type[BulkAct], choice: ChoiceForm, form: BulkForm) -> BulkAct:
    """Read whom and what a form means; raises ``Invalid`` with everything that is wrong."""
    problems: list[Problem] = []
    try:
        form.people = choosing.people(choice, _who().part(kind.permission))
    except Invalid as error:
        problems += error.problems
    if not form.people.ids and not problems:
        nobody = N_("Nobody in your part was chosen."), N_("Tick people in the list, or paste them.")
        problems.append(Problem(*nobody, field="paste" if choice.is_paste else None))
    try:
        act = registry.read(context.db(), _who(), kind.key, form.typed)
    except Invalid as error:
        problems += error.problems
    if problems:
        raise Invalid(*problems)
    return act


def _who() -> BulkAsker:
    settings = context.settings()
    return BulkAsker(guard.asker(), context.actor(), context.vault(), settings.zone, settings)


def _is_seen(digest: str) -> bool:
    return compare_digest(effects_view.sealed(digest).encode(), request.form.get("seen", "").encode())


def _told(act: BulkAct, report: BulkReport) -> AnyResponse:
    gettext = context.texts().gettext
    if report.waits is not None:
        return frame.done(gettext(N_("Nothing was changed yet: it waits for a second person.")), PERSONS)
    if report.slips:
        return _printed(report)
    if isinstance(act, TakeHome):
        return _taken_home(report.people.done)
    told = gettext(N_("%(act)s: done for %(n)s people."))
    return frame.done(told % {"act": gettext(act.label), "n": len(report.people.done)}, PERSONS)


def _printed(report: BulkReport) -> Response:
    """The letters, in this answer only: a file to be printed."""
    response = Response("".join(letters(report.slips, context.settings(), context.texts())), mimetype="text/html")
    response.headers["Content-Disposition"] = 'attachment; filename="letters.html"'
    return response


def _taken_home(ids: Sequence[UUID]) -> Response:
    """The list of exactly these people, as the list of persons is taken home."""
    part = frame.part_of("persons.export")
    query = select(Person).where(Person.id.in_(ids), part.shows(Person.id))
    listed = Listed(query, PERSON_KEYS, lambda session, rows: persons.lines(session, part, rows))
    return persons.file_of(listed, {"chosen": len(ids)})


def _page(kind: type[BulkAct], choice: ChoiceForm, form: BulkForm, status: int = 200) -> Response:
    texts, session = context.texts(), context.db()
    errors = [(one.field, texts.said(one)) for one in form.problems]
    offer = fields.offered(session, _who().part(kind.permission), kind)
    return frame.render(
        "bulk/act.html",
        status,
        section="persons",
        breadcrumb=[(PERSONS, texts.gettext(N_("Persons")))],
        kind=kind,
        label=texts.gettext(kind.label),
        path=HERE.format(does=kind.key),
        choice=choice,
        form=form,
        typed=form.typed,
        errors=errors,
        wrong={name: sentence for name, sentence in errors if name},
        count=len(form.people.ids),
        names=[] if form.look else _names(form.people.ids),
        found=form.people.found,
        most=MOST,
        said=fields.in_words(kind, form.typed, offer),
        effects=form.effects,
        done=len(form.look.people.done) if form.look else 0,
        left=left_out(form.look.people) if form.look else [],
        shown_places=SHOWN_PLACES,
        turn="",
        turn_form="bulk",
        **offer,
    )


def left_out(found: SortedPeople) -> list[tuple[str, int, list[tuple[UUID, str]]]]:
    """Return who is left out as (why, how many, the first of them by name)."""
    texts, by_reason = context.texts(), dict[str, list[UUID]]()
    for person_id, problem in found.left.items():
        by_reason.setdefault(texts.sentence(problem), []).append(person_id)
    named = [one for ids in by_reason.values() for one in ids[:SIZE]]
    shown = profiles(context.db(), named)
    return [
        (why, len(ids), [(one, listed_name(shown.get(one, Profile()), texts)) for one in ids[:SIZE]])
        for why, ids in by_reason.items()
    ]


def _names(ids: Sequence[UUID]) -> list[str]:
    shown, texts = profiles(context.db(), ids[:NAMED]), context.texts()
    return [listed_name(shown.get(one, Profile()), texts) for one in ids[:NAMED]]
