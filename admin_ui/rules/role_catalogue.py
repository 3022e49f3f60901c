"""The roles of an application at /admin/applications/KEY/roles: their names in every language and what they hold, and
the data groups of which they speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import Response

from admin_ui.applications.pages import PATH as APPLICATIONS, SECTION
from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.rules.roles import PATH, of_one
from iam.access.administration import may_touch
from iam.access.model.role import Application
from iam.access.pages import listing
from iam.access.pages.called import groups_called, groups_of
from iam.access.pages.listing import ROLE_KEYS
from iam.texts import LANGUAGE_NAMES, LANGUAGES, N_, in_language
from iam.web import context, guard


@dataclass(frozen=True, slots=True)
class CatalogueLine:
    """A role of an application: its address, code, names in the order of the languages, content and how it takes
    hold."""

    path: str
    key: str
    names: Sequence[str]
    content: Sequence[str]
    enforcement: str
    retired: bool


class GroupLine(NamedTuple):
    """A data group that has a name, or of which the application's roles speak: its code, its name (empty: it has none)
    and meaning, and by operation in words the roles that hold it."""

    code: str
    name: str
    meaning: str
    operations: Mapping[str, Sequence[str]]


@blueprint.get("/applications/<application>/roles")
@guard.requires("rules.read")
def application_roles(application: str) -> Response:
    """Show the roles of an application, and the data groups of which those in use speak."""
    session, texts = context.db(), context.texts()
    of, _ = listing.application_of(session, guard.part(), application)
    name = in_language(of.name, texts.language, application)
    return frame.render(
        "roles/catalogue.html",
        section=SECTION,
        application=of,
        name=name,
        languages=[LANGUAGE_NAMES[one] for one in LANGUAGES],
        breadcrumb=[(APPLICATIONS, texts.gettext(N_("Applications"))), (f"{APPLICATIONS}/{application}", name)],
        page=_listed(application).page(),
        groups=_groups(of),
        mine=may_touch(session, frame.part_of("applications.write"), of.owner_id),
        export_url=f"{APPLICATIONS}/{application}/roles.csv",
    )


@blueprint.get("/applications/<application>/roles.csv")
@guard.requires("rules.read")
def application_roles_file(application: str) -> Response:
    """Take home the roles of an application."""
    listing.application_of(context.db(), guard.part(), application)
    called = [LANGUAGE_NAMES[one] for one in LANGUAGES]
    header = N_("Code"), *called, N_("Content"), N_("How it takes hold")

    def cells(one: CatalogueLine) -> Sequence[object]:
        return one.key, *one.names, "; ".join(one.content), one.enforcement

    return _listed(application).file("roles", header, cells, {"application": application})


def _listed(application: str) -> Listed[CatalogueLine]:
    return Listed(listing.roles(guard.part(), application=application), ROLE_KEYS, _lines)


def _lines(session: Any, rows: Sequence[Any]) -> list[CatalogueLine]:
    content = listing.contents(session, [version.id for _, _, version in rows])
    keys = {group for some in content.values() for group, _ in some}
    called = groups_called(session, keys, context.texts().language)
    return [
        CatalogueLine(
            f"{PATH}/{of.key}/{role.key}",
            role.key,
            [version.name.get(one, "") for one in LANGUAGES],
            [words.use(":".join(pair), of_one(called, of.id)) for pair in content.get(version.id, ())],
            words.word(words.ENFORCEMENTS, version.enforcement),
            role.retired,
        )
        for role, of, version in rows
    ]


def _groups(of: Application) -> list[GroupLine]:
    """The data groups that have a name, and those of the newest versions of the roles in use; three statements."""
    session, language = context.db(), context.texts().language
    rows = [row for row in session.execute(listing.roles(guard.part(), application=of.key)) if not row[0].retired]
    content = listing.contents(session, [version.id for _, _, version in rows])
    found: dict[str, dict[str, list[str]]] = {}
    for role, _, version in rows:
        for group, operation in content.get(version.id, ()):
            held = found.setdefault(group, {}).setdefault(words.word(words.OPERATIONS, operation), [])
            held.append(in_language(version.name, language, role.key))
    named = groups_of(session, of.id)
    return [
        GroupLine(
            group,
            in_language(named[group].name, language) if group in named else "",
            in_language(named[group].meaning or {}, language) if group in named else "",
            dict(sorted(found.get(group, {}).items())),
        )
        for group in sorted({*found, *named})
    ]
