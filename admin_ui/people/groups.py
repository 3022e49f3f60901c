"""Local groups of the part at /admin/groups: one is made, and given another name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.paging import as_id
from admin_ui.people import position_form
from admin_ui.people.adding import HandForm
from admin_ui.people.group_rows import GROUP_KEYS, LocalGroup, one
from admin_ui.people.position_form import text
from connectors.problem import Problem
from iam.apply.on_pages import group_stating
from iam.apply.on_pages.group_stating import StatedGroup
from iam.directory.affiliation import Group
from iam.directory.name_words import words
from iam.directory.organisation import Organisation
from iam.directory.pages import local_groups as of_part
from iam.errors import Conflict, Denied, Invalid
from iam.texts import N_
from iam.web import context, guard

PATH, SECTION, NEW = "/admin/groups", "groups", "/admin/new-group"
NAME = 200
frame.section(SECTION, N_("Groups"), PATH, "persons.write", 12)


@blueprint.get("/groups")
@guard.requires("persons.write")
def local_groups() -> Response:
    """List the local groups of the part."""
    listed: Listed[LocalGroup] = Listed(of_part.local_groups(guard.part()), GROUP_KEYS, _lines)
    return frame.render("groups/groups.html", section=SECTION, page=listed.page(), path=PATH)


@blueprint.get("/new-group")
@guard.requires("persons.write")
def show_new_group() -> Response:
    """Show the form of a new group."""
    return _form(HandForm())


@blueprint.post("/new-group")
@guard.requires("persons.write")
@guard.recent(NEW)
def make_group() -> AnyResponse:
    """Make a group of nobody yet."""
    form, session = HandForm(request.form), context.db()
    stated = _stated(session, form)
    if stated is None:
        return _form(form, 422)
    try:
        consortium = context.settings().consortium
        group_stating.state(session, stated, context.actor(), context.vault(), consortium=consortium)
    except (Invalid, Conflict, Denied) as error:
        form.problems += error.problems
        return _form(form, error.status)
    here = Group.key == stated.key, Organisation.key == stated.organisation, Group.source_id.is_(None)
    query = select(Group.id).join(Organisation, Organisation.id == Group.organisation_id).where(*here)
    group_id = session.scalar(query)
    told = context.texts().gettext(N_("The group was made. Put people into it."))
    return frame.done(told, PATH if group_id is None else f"{PATH}/{group_id}")


def _stated(session: Session, form: HandForm) -> StatedGroup | None:
    name, organisation_id = text(form.typed, "name", NAME), as_id(form.typed.get("organisation"))
    if not name:
        form.problems.append(Problem(N_("A name is needed."), field="name"))
    here = select(Organisation.key).where(Organisation.id == organisation_id, guard.part().covers(Organisation.id))
    organisation = session.scalar(here) if organisation_id is not None else None
    if organisation is None:
        form.problems.append(Problem(N_("Choose an organisation in your part."), field="organisation"))
    if form.problems or organisation is None:
        return None
    key = _key(name)
    if not key or _is_there(session, organisation, key):
        told = N_("There is such a group already, or the name makes no key.")
        form.problems.append(Problem(told, N_("Choose another name."), field="name"))
        return None
    return StatedGroup(organisation, key, name, ())


def _key(name: str) -> str:
    """The key that a name makes: its words in base letters."""
    folded = "-".join(sorted(words([name]), key=name.lower().find)).translate(str.maketrans("åäö", "aao"))
    return re.sub(r"[^a-z0-9.-]+", "", folded).strip(".-")[:60]


def _is_there(session: Session, organisation: str, key: str) -> bool:
    query = select(Group.id).join(Organisation, Organisation.id == Group.organisation_id)
    return session.scalar(query.where(Organisation.key == organisation, Group.key == key).limit(1)) is not None


def _lines(session: Session, rows: Sequence[Any]) -> list[LocalGroup]:
    return [one(row) for row in rows]


def _form(form: HandForm, status: int = 200) -> Response:
    return frame.render(
        "groups/new.html",
        status,
        section=SECTION,
        breadcrumb=[(PATH, context.texts().gettext(N_("Groups")))],
        typed=form.typed,
        errors=form.errors,
        wrong={name: sentence for name, sentence in form.errors if name},
        organisations=position_form.organisations(context.db()),
    )
