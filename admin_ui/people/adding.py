"""A person is added by hand at /admin/new-person: who it is, the first position and who answers for it; who looks like
the same person already, and which rights follow, are shown before it is saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.seen import profiles
from admin_ui.people import hand_effects, position_form
from admin_ui.people.hand_effects import HandView
from admin_ui.people.listing import PATH, lines
from admin_ui.people.position_form import REASON, HandPosition, day, text
from connectors.problem import Problem
from iam import clock
from iam.change import Change
from iam.directory.person import Person
from iam.errors import Conflict, Denied, Invalid
from iam.lifecycle.by_hand import act, alike, code as codes, positions, somebody
from iam.lifecycle.by_hand.act import PERSON_ADDED, Hand
from iam.lifecycle.by_hand.somebody import Somebody
from iam.signin.usernames import by_hand as username_by_hand, give as usernames
from iam.texts import N_
from iam.web import context, guard

NEW = "/admin/new-person"
_CHANGED = N_("What follows from it changed meanwhile. Nothing was done; look at it again.")


class Alike(NamedTuple):
    """Somebody of the part who looks like the one to be added."""

    id: UUID
    name: str
    lines: Sequence[str]


@dataclass(slots=True)
class HandForm:
    """A form of something by hand as it was sent: what was typed, what is wrong with it, who is alike, and its
    effects."""

    typed: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    alike: Sequence[Alike] = ()
    must_stop: bool = False
    effects: HandView | None = None

    @property
    def errors(self) -> list[tuple[str | None, str]]:
        """What is wrong, by field."""
        texts = context.texts()
        return [(one.field, texts.said(one)) for one in self.problems]


@blueprint.get("/new-person")
@guard.requires("persons.write")
def show_new_person() -> Response:
    """Show the form of a new person."""
    return _form(HandForm({"first_day": clock.today(context.settings().zone).isoformat()}))


@blueprint.post("/new-person")
@guard.requires("persons.write")
@guard.recent(NEW)
def add_person() -> AnyResponse:
    """Look who is alike and which rights follow; with ``act=save``, and those seen, add the person."""
    form, session = HandForm(request.form), context.db()
    who, position = _read(form), position_form.read(request.form, form.problems)
    if who is not None:
        _look_for_alike(form, who)
    if form.problems or form.must_stop or who is None or position is None:
        return _form(form, 422)
    hand = _hand(who, position)
    try:
        form.effects = hand_effects.view(session, act.preview(session, hand, context.actor(), guard.part()))
        _require_other(form)
        if request.form.get("act") != "save":
            return _form(form)
        if not form.effects.is_seen:
            raise Conflict(Problem(_CHANGED))
        with session.begin_nested():
            person_id = act.do(session, hand, context.actor(), position.reason)
            login = _username(session, person_id)
    except (Invalid, Conflict, Denied) as error:
        form.problems += error.problems
        return _form(form, error.status)
    told = context.texts().gettext(N_("The person was added. The username is %(login)s.")) % {"login": login or "–"}
    return frame.done(told, f"{PATH}/{person_id}")


def _hand(who: Somebody, position: HandPosition) -> Hand:
    session, part, vault = context.db(), guard.part(), context.vault()

    def write(change: Change) -> tuple[UUID, set[UUID]]:
        person_id = somebody.add(session, change, vault, who)
        return person_id, positions.add(session, change, part, person_id, position.said, position.sponsor_id)

    code = vault.mac("new person", "", who.code or "").hex()
    told = [who.given_names, who.family_name, str(who.email), str(who.birth_date), code, *position.basis]
    envelope = {"kind": position.said.kind, "sponsor": str(position.sponsor_id)}
    return Hand(write, PERSON_ADDED, "\n".join(told), position.said.organisation_id, envelope)


def _username(session: Session, person_id: UUID) -> str:
    """Give the username that was typed, or the one that the names make; "" when they make none."""
    typed = text(request.form, username_by_hand.FIELD, usernames.LONGEST)
    login = typed or usernames.suggested(session, person_id)
    return username_by_hand.name(session, person_id, login, context.actor()) if login else ""


def _read(form: HandForm) -> Somebody | None:
    """Who the form says it is; what is wrong goes into its problems."""
    typed, wrong = form.typed, form.problems
    named = {name: text(typed, name) for name in ("given_names", "family_name")}
    for name, value in named.items():
        if not value:
            wrong.append(Problem(N_("A name is needed."), field=name))
    born, code = day(typed, "birth_date", wrong), codes.plain(text(typed, "code", 20))
    told = codes.born(code) if code else None
    if code and told is None:
        wrong.append(Problem(N_("This is not a personal identity code."), N_("Check every sign of it."), field="code"))
    if born and told and born != told:
        wrong.append(Problem(N_("The code tells another day of birth."), N_("Check both."), field="birth_date"))
    if not code and not born and not any(one.field == "birth_date" for one in wrong):
        needed = N_("The day of birth or the personal identity code is needed.")
        wrong.append(Problem(needed, N_("By it nobody is added twice."), field="birth_date"))
    if born and born > clock.today():
        wrong.append(Problem(N_("This day is still to come."), field="birth_date"))
    if code and not text(typed, "purpose"):
        wrong.append(Problem("A purpose is needed.", "Write what you need the code for.", field="purpose"))
    email = text(typed, "email") or None
    if email and ("@" not in email or " " in email):
        wrong.append(Problem(N_("This is not an e-mail address."), N_("Write it as name@place."), field="email"))
    if wrong:
        return None
    return Somebody(named["given_names"], named["family_name"], email, born or told, code or None)


def _look_for_alike(form: HandForm, who: Somebody) -> None:
    """Put those who look like the same person into the form; one with the same code must be this person."""
    session, part = context.db(), guard.part()
    try:
        if who.code is not None:
            purpose = text(form.typed, "purpose")
            found = alike.by_code(session, context.vault(), part, who.code, purpose, context.actor())
            if found is not None:
                form.must_stop, form.alike = True, _shown(session, [found])
                return
    except Conflict as error:
        form.problems += error.problems
        return
    form.alike = _shown(session, alike.by_name(session, part, who))


def _shown(session: Session, ids: Collection[UUID]) -> list[Alike]:
    if not ids:
        return []
    rows = list(session.scalars(select(Person).where(Person.id.in_(ids))))
    known = profiles(session, ids)
    made = []
    for line in lines(session, guard.part(), rows):
        told = [_tie(tie.kind, tie.position, tie.place) for tie in line.ties]
        born = known[line.id].birth_date if line.id in known else None
        said = context.texts().gettext(N_("born %(day)s")) % {"day": words.day(born)} if born else ""
        made.append(Alike(line.id, line.name, [one for one in (said, *told) if one]))
    return made


def _tie(kind: str, position: str | None, place: str | None) -> str:
    where = context.texts().gettext(N_("place protected")) if place is None else place
    return ", ".join(one for one in (position or words.word(words.AFFILIATIONS, kind), where) if one)


def _require_other(form: HandForm) -> None:
    if form.alike and form.typed.get("another") != "yes":
        told = N_("Somebody of this name was born the same day.")
        raise Conflict(Problem(told, N_("Open the person, or say that this is somebody else."), field="another"))


def _form(form: HandForm, status: int = 200) -> Response:
    errors = form.errors
    values: dict[str, Any] = position_form.offered(context.db())
    return frame.render(
        "persons/new.html",
        status,
        section="persons",
        breadcrumb=[(PATH, context.texts().gettext(N_("Persons")))],
        form=form,
        typed=form.typed,
        errors=errors,
        wrong={name: sentence for name, sentence in errors if name},
        reason_length=REASON,
        **values,
    )
