"""Roles at /admin/roles: what each is called, what it holds, how it takes hold, who has it in the reader's part, which
rules give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from admin_ui.parts import exports, frame, lists, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.seen import profiles
from admin_ui.people.listing import listed_name
from admin_ui.rules import pages as rules_pages
from iam.access.administration import Part, may_touch
from iam.access.model.role import Application, Role, RoleVersion
from iam.access.pages import counting, listing
from iam.access.pages.called import groups_called, rules_called
from iam.access.pages.counting import NOBODY
from iam.access.pages.listing import HOLDER_KEYS, ROLE_KEYS, RULE_KEYS
from iam.database.keyset import Cursor, keyset
from iam.directory.pages.listing import are_few
from iam.directory.queries import Profile
from iam.texts import LANGUAGE_NAMES, N_, in_language
from iam.web import context, guard

PATH = "/admin/roles"
SECTION = "roles"
SOME = 20
"""So many rules are shown on a role's page; the list of rules has them all."""

HANDED_OUT = {
    "owner": N_("only the application's owner"),
    "enabled": N_("the application's owner, and organisations for which the application is enabled"),
    "parts": N_("the application's owner, organisations for which the application is enabled, and those under them"),
}
"""Who may hand a role out."""

frame.section(SECTION, N_("Roles"), PATH, "rules.read", 40)


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role as the list shows it; ``holders`` are people of the reader's part."""

    path: str
    application: str
    name: str
    key: str
    enforcement: str
    content: list[str]
    holders: str
    retired: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a role: where (None: must not be told), until when, by which rule (None: by hand) and what that is
    called, through which other role."""

    person_id: UUID
    name: str
    place: str | None
    until: datetime | None
    rule: str | None
    called: str
    through: str | None


class RoleCells(NamedTuple):
    """A role as a line of the file shows it."""

    application: str
    name: str
    code: str
    enforcement: str
    content: str
    holders: str


class HolderCells(NamedTuple):
    """Who holds a role, as a line of the file shows it."""

    name: str
    place: str
    last_day: str
    rule: str
    through: str | None


@blueprint.get("/roles")
@guard.requires("rules.read")
def roles() -> Response:
    """Show a page of the list."""
    export_url = paging.address(f"{PATH}.csv")
    return frame.render(
        "roles/roles.html", section=SECTION, page=_listed().page(), text=lists.text(), export_url=export_url
    )


@blueprint.get("/roles.csv")
@guard.requires("rules.read")
def roles_file() -> Response:
    """Take home the list as filtered."""
    header = (
        N_("Application"),
        N_("Role"),
        N_("Code"),
        N_("How it takes hold"),
        N_("Content"),
        N_("People in your part"),
    )

    def cells(line: RoleLine) -> RoleCells:
        content = "; ".join(line.content)
        return RoleCells(line.application, line.name, line.key, line.enforcement, content, line.holders)

    return _listed().file("roles", header, cells)


def _listed() -> Listed[RoleLine]:
    part = guard.part()
    return Listed(listing.roles(part, text=lists.text()), ROLE_KEYS, lambda session, rows: lines(session, part, rows))


@blueprint.get("/roles/<application>/<key>")
@guard.requires("rules.read")
def role(application: str, key: str) -> Response:
    """Show a role and a page of those who hold it."""
    session, part, texts = context.db(), guard.part(), context.texts()
    found, of, version = listing.role_of(session, part, application, key)
    people, few = frame.part_of("persons.read"), are_few(session, part)
    giving = keyset(session, listing.rules(part, role_id=found.id), RULE_KEYS, Cursor(size=SOME))
    around = listing.roles_around(session, found.id)
    names = names_of(session, part, application)
    content = listing.contents(session, [version.id]).get(version.id, [])
    called = of_one(groups_called(session, {group for group, _ in content}, texts.language), of.id)
    return frame.render(
        "roles/role.html",
        section=SECTION,
        breadcrumb=[(PATH, texts.gettext(N_("Roles")))],
        role=found,
        application=of,
        version=version,
        name=in_language(version.name, texts.language, found.key),
        application_name=in_language(of.name, texts.language, of.key),
        names=[
            (LANGUAGE_NAMES[language], name) for language, name in version.name.items() if language in LANGUAGE_NAMES
        ],
        meaning=[(LANGUAGE_NAMES[one], text) for one, text in (version.meaning or {}).items() if one in LANGUAGE_NAMES],
        content=[words.use(":".join(one), called) for one in content],
        enforcement=words.word(words.ENFORCEMENTS, version.enforcement),
        handed_out=words.word(HANDED_OUT, found.handed_out),
        includes=_named(around.included, names),
        included_by=_named(around.including, names),
        count=counting.of_roles(session, part, [found.id], few=few).get(found.id, NOBODY),
        rules=rules_pages.lines(session, giving.rows),
        mine=may_touch(session, frame.part_of("applications.write"), of.owner_id),
        more_rules=giving.later,
        page=_holders(people, found, few if people == part else None).page() if people else None,
        export_url=f"{PATH}/{application}/{key}/holders.csv" if frame.may("persons.export") else None,
    )


def names_of(session: Session, part: Part, application: str) -> dict[str, str]:
    """Return what the roles of an application are called, by code; one statement."""
    language = context.texts().language
    rows = session.execute(listing.roles(part, application=application))
    return {role.key: in_language(version.name, language, role.key) for role, _, version in rows}


def of_one(called: Mapping[tuple[UUID, str], str], application_id: UUID) -> dict[str, str]:
    """Return what one application calls its data groups, by key."""
    return {key: name for (whose, key), name in called.items() if whose == application_id}


def _named(roles: Sequence[tuple[str, str]], names: Mapping[str, str]) -> list[tuple[str, str, str]]:
    return [(application, key, names.get(key, key)) for application, key in roles]


@blueprint.get("/roles/<application>/<key>/holders.csv")
@guard.requires("persons.export")
def holders_file(application: str, key: str) -> Response:
    """Take home who holds the role, within the part over which the reader may export."""
    found, _, _ = listing.role_of(context.db(), frame.part_of("rules.read"), application, key)
    header, t = (N_("Name"), N_("Where"), N_("Last day"), N_("Rule"), N_("Through the role")), context.texts().gettext

    def cells(one: Holder) -> HolderCells:
        place = t(N_("protected")) if one.place is None else one.place
        return HolderCells(one.name, place, exports.day(one.until), one.called or t(N_("by hand")), one.through)

    return _holders(guard.part(), found).file("holders", header, cells, {"role": f"{application}:{key}"})


def _holders(part: Part, role: Role, few: bool | None = None) -> Listed[Holder]:
    """Who of the part holds the role; ``few`` where it is known whether there ``are_few``."""
    session = context.db()
    by = listing.including(session, role.id)
    query = listing.holders(part, by, few=are_few(session, part) if few is None else few)
    return Listed(query, HOLDER_KEYS, lambda session, rows: holders(session, rows, role))


def lines(session: Session, part: Part, rows: Sequence[tuple[Role, Application, RoleVersion]]) -> list[RoleLine]:
    """Return roles as lists show them; three statements, however many they are."""
    language = context.texts().language
    counts = counting.of_roles(session, part, [row[0].id for row in rows])
    content = listing.contents(session, [row[2].id for row in rows])
    called = groups_called(session, {group for some in content.values() for group, _ in some}, language)
    return [
        RoleLine(
            f"{PATH}/{application.key}/{role.key}",
            in_language(application.name, language, application.key),
            in_language(version.name, language, role.key),
            role.key,
            words.word(words.ENFORCEMENTS, version.enforcement),
            [words.use(":".join(pair), of_one(called, application.id)) for pair in content.get(version.id, [])],
            rules_pages.counted(counts.get(role.id, NOBODY)),
            role.retired,
        )
        for role, application, version in rows
    ]


def holders(session: Session, rows: Sequence[Any], role: Role) -> list[Holder]:
    """Return holders as lists show them; at most five statements. Where a protected person holds the role is not
    told."""
    shown, texts = profiles(session, {row[2].id for row in rows}), context.texts()
    called, made = rules_called(session, {row[4] for row in rows if row[4]}, texts.language), []
    names = listing.role_names(session, {row[5].id for row in rows if row[5].id != role.id})
    for _, until, person, scope, rule, holding in rows:
        profile = shown.get(person.id, Profile())
        place = None if profile.protected else scope.name(texts.language)
        through = names[holding.id].said(texts.language) if holding.id in names else None
        name, until = listed_name(profile, texts), words.end(until)
        made.append(Holder(person.id, name, place, until, rule, called.get(rule or "", ""), through))
    return made
