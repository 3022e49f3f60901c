"""Who is in a local group, at /admin/groups/ID: people are put in by search or by a paste, and taken out; which rights
come and go is shown first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import Select, literal, or_, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame, lists
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.paging import address, as_id
from admin_ui.parts.seen import looked_for
from admin_ui.people import effects as effects_view, group_rows
from admin_ui.people.effects import View
from admin_ui.people.group_rows import LocalGroup
from admin_ui.people.groups import NAME, PATH, SECTION
from admin_ui.people.listing import archive_after, lines
from admin_ui.people.position_form import text
from connectors.identity_code import holds_code
from connectors.problem import Problem
from iam.apply.comparison import people
from iam.apply.comparison.people import Named
from iam.apply.on_pages import group_stating, stating
from iam.apply.on_pages.group_stating import StatedGroup
from iam.directory.pages import listing
from iam.directory.pages.listing import PERSON_KEYS, Wanted
from iam.directory.person import Identifier, Person
from iam.errors import Conflict, Denied, Invalid
from iam.signin.accounts import found as finding
from iam.signin.accounts.account import Account
from iam.signin.accounts.found import Found
from iam.texts import N_
from iam.web import context, guard

HERE = f"{PATH}/{{group_id}}"
SOME = 20
"""So many of those searched for are offered."""
SHOWN_PLACES = 10
_CHANGED = N_("What follows from it changed meanwhile. Nothing was done; look at it again.")


@dataclass(slots=True)
class MembersForm:
    """A form of a group as it was sent: who comes and goes, what was pasted that does nothing, what is wrong, and the
    effects."""

    name: str
    paste: str = ""
    add: set[UUID] = field(default_factory=set)
    remove: set[UUID] = field(default_factory=set)
    found: Found = field(default_factory=Found)
    without: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    effects: View | None = None


@blueprint.get("/groups/<uuid:group_id>")
@guard.requires("persons.write")
def group(group_id: UUID) -> Response:
    """Show who is in a group of the part."""
    here = group_rows.group_here(context.db(), guard.part(), group_id)
    return _page(here, MembersForm(here.name))


@blueprint.post("/groups/<uuid:group_id>")
@guard.requires("persons.write")
@guard.recent(HERE)
def change_group(group_id: UUID) -> AnyResponse:
    """Show what a change of a group does; with ``act=save``, and that seen, make it, or keep it waiting for a second
    person."""
    session = context.db()
    here = group_rows.group_here(session, guard.part(), group_id)
    form = _read(session, here)
    if form.problems:
        return _page(here, form, 422)
    stated = StatedGroup(here.organisation_key, here.key, form.name, _members(session, here, form))
    actor, vault = context.actor(), context.vault()
    try:
        _, would = stating.look(session, stated.stating(), actor, vault, frame.part_of("persons.read"))
        form.effects = effects_view.view(session, would)
        if request.form.get("act") != "save":
            return _page(here, form)
        if not compare_digest(form.effects.digest.encode(), request.form.get("seen", "").encode()):
            raise Conflict(Problem(_CHANGED))
        held = group_stating.state(session, stated, actor, vault, consortium=context.settings().consortium).held
    except (Invalid, Conflict, Denied) as error:
        form.problems += error.problems
        return _page(here, form, error.status)
    told = (
        N_("The group was changed.") if held is None else N_("Nothing was changed yet: it waits for a second person.")
    )
    return frame.done(context.texts().gettext(told), f"{PATH}/{group_id}")


def _read(session: Session, here: LocalGroup) -> MembersForm:
    typed = request.form
    form = MembersForm(text(typed, "name", NAME) or here.name, typed.get("paste", ""))
    asked = finding.written(form.paste)
    if len(asked) > finding.MOST:
        told = N_("At most %(n)s can be pasted at once.")
        form.problems.append(Problem(told, N_("Paste some at a time."), field="paste", params={"n": finding.MOST}))
        return form
    place = literal(here.organisation_id)
    form.found = finding.find(session, guard.part(), asked, place)
    chosen = {one for one in map(as_id, typed.getlist("add")) if one is not None}
    told_of = Person.id.in_(chosen), guard.part().shows(Person.id), guard.part().tells(Person.id, place)
    form.add = set(form.found.ids.values()) | (
        set(session.scalars(select(Person.id).where(*told_of))) if chosen else set()
    )
    gone = {one for one in map(as_id, typed.getlist("remove")) if one is not None}
    visible = group_rows.members(here).where(Person.id.in_(gone)).with_only_columns(Person.id)
    form.remove = set(session.scalars(visible)) if gone else set()
    if context.actor().person_id in form.add:
        form.problems.append(Problem(N_("Nobody puts themselves into a group."), "Ask another administrator."))
    return form


def _members(session: Session, here: LocalGroup, form: MembersForm) -> Collection[str | Named]:
    """By what all are named who are to be in the group: those who are, with those who come and without those who go."""
    standing, new = group_stating.names_in(session, here.id), people.names(session, sorted(form.add))
    form.without = [written for written, id_ in form.found.ids.items() if id_ not in new]
    return {name for id_, name in (standing | new).items() if id_ not in form.remove}


def _page(here: LocalGroup, form: MembersForm, status: int = 200) -> Response:
    session, texts = context.db(), context.texts()
    part = guard.part()
    errors = [(one.field, texts.said(one)) for one in form.problems]
    listed = Listed(group_rows.members(here), PERSON_KEYS, lambda session, rows: lines(session, part, rows))
    return frame.render(
        "groups/group.html",
        status,
        section=SECTION,
        breadcrumb=[(PATH, texts.gettext(N_("Groups")))],
        group=here,
        place=here.organisation.name(texts.language),
        path=f"{PATH}/{here.id}",
        form=form,
        errors=errors,
        wrong={name: sentence for name, sentence in errors if name},
        page=listed.page(),
        search=lists.text(),
        offered=_offered(session, here),
        most=finding.MOST,
        effects=form.effects,
        shown_places=SHOWN_PLACES,
        turn=address(page=""),
        turn_form="change",
    )


def _offered(session: Session, here: LocalGroup) -> list[Mapping[str, Any]]:
    """Some people of the part who are called so and are not in the group, to be put in."""
    sought, part = lists.text(), guard.part()
    if not sought or holds_code(sought):
        return []
    looked_for(sought)
    named = or_(Person.id.in_(select(Account.person_id)), Person.id.in_(_numbered()))
    query = listing.persons(part, Wanted(sought), archive_after()).where(
        part.tells(Person.id, literal(here.organisation_id)),
        named,
        Person.id.not_in(group_rows.members(here).with_only_columns(Person.id)),
    )
    rows = list(session.scalars(query.order_by(*PERSON_KEYS).limit(SOME)))
    return [
        {"id": line.id, "name": line.name, "told": "; ".join(filter(None, (tie.position for tie in line.ties)))}
        for line in lines(session, part, rows)
    ]


def _numbered() -> Select[UUID]:
    """Those whom a number that a source told can name."""
    return select(Identifier.person_id).where(Identifier.closed_by.is_(None), Identifier.value.is_not(None))
