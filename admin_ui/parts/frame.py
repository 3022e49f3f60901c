"""The frame of every administration page: the blueprint, the menu, who asks, over which part, and the way back after a
form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, g
from werkzeug.wrappers import Response as AnyResponse

from iam.access.administration import Part
from iam.directory.queries import profile
from iam.signin.accounts.account import Account
from iam.texts import N_
from iam.web import context, guard, pages
from iam.web.guard import NotSignedIn
from iam.web.redirect import see_other

blueprint = Blueprint("admin", "admin_ui", url_prefix="/admin", template_folder="templates")
"""Every section adds its views here; a view without a mark of ``guard`` keeps the application from starting."""

HOME = "/admin/"
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the menu: shown to those who hold ``permission`` (None: to every administrator), ordered by
    ``place``."""

    place: int
    key: str
    label: str
    path: str
    permission: str | None


_sections: list[Section] = []


def section(key: str, label: str, path: str, permission: str | None, place: int) -> Section:
    """Add an entry to the menu; ``label`` is an English message marked with ``N_``. Called once, when a section is
    imported."""
    made = Section(place, key, label, path, permission)
    _sections.append(made)
    _sections.sort(key=lambda one: one.place)
    return made


def render(
    template: str, status: int = 200, *, section: str, breadcrumb: list[tuple[str, str]] | None = None, **values: Any
) -> Response:
    """Return a page in the frame. ``section`` is the menu's key; ``breadcrumb`` the pages above this one as (path,
    label)."""
    texts = context.texts()
    values.setdefault("part", part_in_words())
    menu = [
        (one.path, texts.gettext(one.label), one.key == section)
        for one in _sections
        if one.permission is None or may(one.permission)
    ]
    return pages.page(
        template,
        status,
        menu=menu,
        breadcrumb=breadcrumb or [],
        me={"name": own_name()},
        account_url="/account",
        sign_out_action="/logout",
        home_url=HOME,
        may=may,
        decides=decides,
        **values,
    )


def done(sentence: str, path: str) -> AnyResponse:
    """Go on to ``path`` after a form and say there what was done; ``sentence`` is already in the reader's language."""
    flash(sentence, "success")
    return see_other(path)


def may(permission: str) -> bool:
    """Whether the reader holds a permission over some part; for buttons and menus, never instead of
    ``guard.requires``."""
    return guard.asker().may(permission)


def part_of(permission: str) -> Part:
    """Return the reader's part for another permission than the view's own; empty when it is not held."""
    return guard.asker().part(permission)


def decides(permission: str) -> bool:
    """Whether the reader decides, over some part, what waits and is otherwise done with this permission."""
    return bool(guard.asker().decides(permission))


def part_in_words() -> str:
    """Return the part the page shows, as the header says it: "Koivurinteen koulu", or the whole consortium."""
    texts, part = context.texts(), guard.part() or guard.asker().whole()
    if part.everything:
        return texts.gettext(N_("The whole consortium"))
    names = sorted(guard.asker().places[organisation_id][texts.language] for organisation_id in part.granted)
    more = f" +{len(names) - _NAMED}" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def own_name() -> str:
    """Return the reader's name, or their username when no source tells a name."""
    login = context.login()
    if login is None:
        raise NotSignedIn
    if "own_profile" not in g:
        g.own_profile = profile(context.db(), login.person_id)
    name: str = g.own_profile.display_name
    if name:
        return name
    account = context.db().get(Account, login.person_id)
    return account.login if account else ""
