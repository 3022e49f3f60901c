"""Appointing an administrator at /admin/administrators/new: somebody of the part is looked for, then what, where and
until when, and what that does before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from flask import Response, request
from sqlalchemy import or_
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.administrators import effect as effects
from admin_ui.administrators.effect import AppointmentEffect
from admin_ui.administrators.listing import PATH, SECTION
from admin_ui.parts import frame, lists
from admin_ui.parts.frame import blueprint
from admin_ui.parts.seen import looked_for, profiles
from admin_ui.people.listing import archive_after, lines, listed_name
from connectors.identity_code import holds_code
from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part, may_see
from iam.access.administrator_roles import BY_KEY, PERMISSION_WORDS, ROLES
from iam.access.commands.appointing import APPOINTS, Appointment
from iam.access.model.proposal import Proposal
from iam.deciding import appointing
from iam.directory.organisation import Organisation
from iam.directory.pages import listing
from iam.directory.pages.listing import PERSON_KEYS, Wanted
from iam.directory.queries import Profile
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.texts import N_
from iam.web import context, guard

_NEW = PATH + "/new/{person_id}"
DO = "do"
SHOWN, OFFERED = 20, 300
LONGEST = 200
Typed = MultiDict[str, str]


@dataclass(slots=True)
class AppointmentForm:
    """What was typed, what is wrong beside which field ("": above all), and what it would do."""

    typed: Typed
    errors: dict[str, str] = field(default_factory=dict)
    effect: AppointmentEffect | None = None


@blueprint.get("/administrators/new")
@guard.requires(APPOINTS)
def find_administrator() -> Response:
    """Look for somebody in the part by name or number."""
    text, session, part = lists.text(), context.db(), guard.part()
    text = "" if holds_code(text) else text
    looked_for(text)
    query = listing.persons(part, Wanted(text), archive_after()).order_by(*PERSON_KEYS).limit(SHOWN)
    found = lines(session, part, list(session.scalars(query))) if text else []
    return frame.render(
        "administrators/find.html", section=SECTION, breadcrumb=above(), text=text, found=found, shown=SHOWN
    )


@blueprint.get("/administrators/new/<uuid:person_id>")
@guard.requires(APPOINTS)
def show_appointment(person_id: UUID) -> Response:
    """Ask what, where and until when; what was typed before a fresh proof is there again."""
    _require(person_id)
    return _form(person_id, AppointmentForm(MultiDict(request.args)))


@blueprint.post("/administrators/new/<uuid:person_id>")
@guard.requires(APPOINTS)
@guard.recent(_NEW, act=DO)
def appoint(person_id: UUID) -> AnyResponse:
    """Show what the appointment does, or make it when that is what was shown."""
    _require(person_id)
    form = AppointmentForm(request.form)
    try:
        return answer(form, _read(person_id, form.typed)) or _form(person_id, form)
    except (Denied, Conflict, Invalid, NotFound) as error:
        form.errors = effects.beside(error)
        return _form(person_id, form, error.status)


def answer(form: AppointmentForm, act: Appointment) -> AnyResponse | None:
    """Put what an act does into the form and return None, or do it when that is what was shown and go on; raises as
    ``appointing.do``."""
    session = context.db()
    appointing.check(session, act, guard.asker())
    form.effect = effects.effect(session, act, guard.part())
    if form.typed.get("act") != DO:
        return None
    if not effects.is_seen(form.effect.digest):
        form.errors = {
            "": context.texts().gettext(N_("The effects changed meanwhile. Nothing was done; look at them again."))
        }
        return None
    return done(appointing.do(session, act, guard.asker(), context.actor()))


def done(proposal: Proposal | None) -> AnyResponse:
    """Go on to the list, or to what waits, and say there what was done."""
    told = context.texts().gettext
    if proposal is not None:
        return frame.done(
            told(N_("Nothing was changed yet: it waits for a second person.")), f"{PATH}/waiting/{proposal.id}"
        )
    return frame.done(told(N_("It is done, and the person is told by mail.")), PATH)


def above() -> list[tuple[str, str]]:
    """The pages above: the list."""
    return [(PATH, context.texts().gettext(N_("Administrators")))]


def day_of(typed: Mapping[str, str], name: str) -> date:
    """Return the day that was written in a field; raises ``Invalid``."""
    try:
        day = date.fromisoformat(typed.get(name, ""))
    except ValueError:
        day = date.max
    if not 1901 <= day.year <= 9000:
        raise Invalid(Problem(N_("Write a day."), field=name))
    return day


def _read(person_id: UUID, typed: Typed) -> Appointment:
    """Return what the form says; raises ``Invalid`` for what it lacks."""
    role = BY_KEY.get(typed.get("role", ""))
    single = set(typed.getlist("permission"))
    if role is not None and single:
        message = N_("Choose either a role or single permissions.")
        raise Invalid(Problem(message, N_("Take away the one or the other."), field="role"))
    place = _organisation(context.db(), guard.part(), typed.get("organisation", ""))
    permissions = role.permissions if role is not None else frozenset(single)
    return Appointment("appoint", person_id, place, permissions, day_of(typed, "first"), day_of(typed, "last"))


def _organisation(session: Session, part: Part, text: str) -> UUID:
    """Return the organisation of the part that has this key or name; raises ``Invalid``."""
    named, o = lists.tidied(text), Organisation
    query = listing.organisations(part).with_only_columns(o.id)
    found = session.scalars(query.where(or_(*(one == named for one in (o.key, o.name_fi, o.name_sv, o.name_en))))).all()
    if len(found) > 1:
        found = session.scalars(query.where(o.key == named)).all()
    if len(found) != 1:
        message = N_("There is no such organisation, or it is outside your part.")
        raise Invalid(Problem(message, N_("Write its key, or choose it from the list."), field="organisation"))
    return found[0]


def _require(person_id: UUID) -> None:
    if not may_see(context.db(), guard.part(), person_id):
        raise NotFound(Problem(N_("There is no such person, or they are outside your part.")))


def _form(person_id: UUID, form: AppointmentForm, status: int = 200) -> Response:
    session, texts = context.db(), context.texts()
    session.expire_all()
    held = {name for name in PERMISSION_WORDS if guard.asker().may(name)}
    name = listed_name(profiles(session, [person_id]).get(person_id, Profile()), texts)
    offered = listing.offered(session, guard.part(), texts.language, OFFERED)
    return frame.render(
        "administrators/appoint.html",
        status,
        section=SECTION,
        breadcrumb=above(),
        name=name,
        action=f"{PATH}/new/{person_id}",
        form=form,
        days=_days(form.typed),
        chosen=set(form.typed.getlist("permission")),
        roles=[(one.key, texts.gettext(one.name)) for one in ROLES if one.permissions <= held],
        told=[
            (texts.gettext(one.name), [texts.gettext(PERMISSION_WORDS[each]) for each in sorted(one.permissions)])
            for one in ROLES
            if one.permissions <= held
        ],
        single=[(key, texts.gettext(words)) for key, words in PERMISSION_WORDS.items() if key in held],
        organisations=[(one.key, one.name) for one in offered],
    )


def _days(typed: Mapping[str, str]) -> dict[str, str]:
    """The days of the form: from today, for a year or until one's own time is over."""
    today = clock.today()
    year = today.replace(year=today.year + 1, day=min(today.day, 28) if today.month == 2 else today.day)
    return {
        "first": typed.get("first") or today.isoformat(),
        "last": typed.get("last") or min(year, _own_last()).isoformat(),
    }


def _own_last() -> date:
    """The last day on which the reader appoints anybody."""
    end = appointing.own_end(context.db(), guard.asker())
    return clock.last_day(end) if end < clock.FOREVER else date.max
