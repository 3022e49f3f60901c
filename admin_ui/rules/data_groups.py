"""What an application calls its data groups and what they mean, at /admin/applications/KEY/data-groups/CODE: it takes
and gives nothing, so no effect is shown first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.applications.pages import PATH as APPLICATIONS
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.rules.role_form import in_every_language
from admin_ui.rules.roles import SECTION
from connectors.problem import Problem
from iam.apply.declared.written import Row
from iam.apply.on_pages import application_stating
from iam.apply.on_pages.application_stating import data_groups_stated, digest_of
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.oidc.clients import by_page
from iam.texts import LANGUAGE_NAMES, LANGUAGES, N_, in_language
from iam.web import context, guard

_NEW = APPLICATIONS + "/{application}/new-data-group"
_EDIT = APPLICATIONS + "/{application}/data-groups/{key}"
_CODE = re.compile(r"^[^\s:@/]{1,100}$")
_LONGEST = 400


@dataclass
class GroupForm:
    """The fields: the code, the name and the meaning by language; and what is wrong beside which of them."""

    key: str = ""
    name: Mapping[str, str] = field(default_factory=dict)
    meaning: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    wrong: str = ""
    status: int = 200


@blueprint.get("/applications/<application>/new-data-group")
@guard.requires("applications.write")
@guard.recent(_NEW)
def new_data_group(application: str) -> Response:
    """Show the empty form."""
    return _page(_application(application), None, GroupForm())


@blueprint.post("/applications/<application>/new-data-group")
@guard.requires("applications.write")
@guard.recent(_NEW)
def add_data_group(application: str) -> AnyResponse:
    """Give a data group its name."""
    return _answer(_application(application), None)


@blueprint.get("/applications/<application>/data-groups/<key>")
@guard.requires("applications.write")
@guard.recent(_EDIT)
def data_group(application: str, key: str) -> Response:
    """Show what a data group is called and means."""
    of = _application(application)
    stands = _standing(of, key)
    return _page(of, key, GroupForm(key, stands.get("name", {}), stands.get("meaning", {})))


@blueprint.post("/applications/<application>/data-groups/<key>")
@guard.requires("applications.write")
@guard.recent(_EDIT)
def write_data_group(application: str, key: str) -> AnyResponse:
    """Call a data group otherwise, or take its name away."""
    of = _application(application)
    _standing(of, key)
    return _answer(of, key)


def _application(key: str) -> Row:
    """An application of the reader's part as it stands; raises ``NotFound``."""
    by_page.application(context.db(), guard.part(), key)
    return application_stating.application_row(context.db(), key)


def _groups(of: Row) -> list[Row]:
    return list(of.get("data_groups", ()))


def _standing(of: Row, key: str) -> Row:
    """What a data group is called: nothing where only roles speak of it; raises ``NotFound`` where none does."""
    held = {right.partition(":")[0] for role in of["roles"] for right in role.get("content", ())}
    found = next((one for one in _groups(of) if one["key"] == key), None)
    if found is None and key not in held:
        raise NotFound(Problem(N_("There is no such data group.")))
    return found or {}


def _answer(of: Row, key: str | None) -> AnyResponse:
    form = _read(key)
    takes_away = key is not None and request.form.get("act") == "remove"
    if not takes_away:
        _check(form, of, new=key is None)
    if form.errors:
        form.status = 422
        return _page(of, key, form)
    if not compare_digest(digest_of(_stood(of, key)), request.form.get("stood", "")):
        moved = N_("Somebody changed this data group meanwhile. Below stands what you wrote.")
        form.wrong, form.status = context.texts().gettext(moved), 409
        return _page(of, key, form)
    others = [one for one in _groups(of) if one["key"] != form.key]
    said = {"key": form.key, "name": in_every_language(form.name), "meaning": in_every_language(form.meaning)}
    return _write(of, key, form, others if takes_away else [*others, said])


def _write(of: Row, key: str | None, form: GroupForm, groups: Sequence[Row]) -> AnyResponse:
    session, actor, vault = context.db(), context.actor(), context.vault()
    stated, consortium = data_groups_stated(of, groups), context.settings().consortium
    try:
        application_stating.write(session, stated, actor, vault, ["data_groups"], consortium=consortium)
    except (Denied, Conflict, Invalid) as error:
        form.wrong, form.status = context.texts().said(error.problems[0]), error.status
        return _page(of, key, form)
    return frame.done(context.texts().gettext(N_("It is written.")), f"{APPLICATIONS}/{of['key']}/roles")


def _read(key: str | None) -> GroupForm:
    texts = {
        part: {one: " ".join(request.form.get(f"{part}_{one}", "").split())[:_LONGEST] for one in LANGUAGES}
        for part in ("name", "meaning")
    }
    return GroupForm(
        request.form.get("key", "").strip()[:_LONGEST] if key is None else key, texts["name"], texts["meaning"]
    )


def _check(form: GroupForm, of: Row, *, new: bool) -> None:
    say = context.texts().gettext
    if new and not _CODE.match(form.key):
        form.errors["key"] = say(N_("Write its code without blanks, colons and slashes, as in oppilaat."))
    elif new and any(one["key"] == form.key for one in _groups(of)):
        form.errors["key"] = say(N_("This data group has a name already."))
    if not form.name["fi"]:
        form.errors["name_fi"] = say(N_("The data group needs a name in Finnish."))
    if any(form.meaning.values()) and not form.meaning["fi"]:
        form.errors["meaning_fi"] = say(N_("What it means is told in Finnish at least."))


def _stood(of: Row, key: str | None) -> Row | None:
    return next((one for one in _groups(of) if one["key"] == key), None)


def _page(of: Row, key: str | None, form: GroupForm) -> Response:
    texts = context.texts()
    name = in_language(of["name"], texts.language, of["key"])
    here = f"{APPLICATIONS}/{of['key']}"
    return frame.render(
        "roles/data_group.html",
        form.status,
        section=SECTION,
        breadcrumb=[
            (APPLICATIONS, texts.gettext(N_("Applications"))),
            (here, name),
            (f"{here}/roles", texts.gettext(N_("Roles and data groups"))),
        ],
        action=request.path,
        form=form,
        new=key is None,
        named=_stood(of, key) is not None,
        stood=digest_of(_stood(of, key)),
        languages=[(one, LANGUAGE_NAMES[one]) for one in LANGUAGES],
    )
