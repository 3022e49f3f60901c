"""The versions of a role at /admin/roles/APPLICATION/KEY/versions, each with what it says otherwise than the one
before, and restoring one at /versions/N with its effects first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from hmac import compare_digest
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.seen import profiles
from admin_ui.people import effects as effects_view
from admin_ui.rules.edit import SHOWN_PLACES
from admin_ui.rules.roles import HANDED_OUT, PATH, SECTION
from connectors.problem import Problem
from iam.access.model.role import Application, Role, RoleVersion
from iam.access.pages import listing, role_versions
from iam.access.pages.called import groups_called, roles_called
from iam.access.pages.role_versions import ROLE_VERSION_KEYS, RoleAltered, RoleSays
from iam.apply import role_restoring
from iam.apply.guarded import name_of
from iam.directory.queries import Profile
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from iam.texts import LANGUAGE_NAMES, N_, in_language
from iam.web import context, guard

_VERSION = PATH + "/{application}/{key}/versions/{n}"
WAITING = "/admin/declaration?waits="
"""Where a declaration that waits is shown; that room lies above this one."""


class RoleVersionLine(NamedTuple):
    """A version of a role: when and by whom it was written, how it takes hold, what it holds, and a sentence for each
    thing that it says otherwise than the one before."""

    n: int
    at: datetime
    who: str
    enforcement: str
    content: str
    told: list[str]


class RoleVersionCells(NamedTuple):
    """A version of a role as a line of the file shows it."""

    n: int
    at: str
    who: str
    enforcement: str
    content: str
    told: str


@blueprint.get("/roles/<application>/<key>/versions")
@guard.requires("rules.read")
def versions_of_role(application: str, key: str) -> Response:
    """Show a page of a role's versions, newest first."""
    role, of, newest = listing.role_of(context.db(), guard.part(), application, key)
    return frame.render(
        "roles/versions.html",
        section=SECTION,
        breadcrumb=_above(role, of, newest),
        path=f"{PATH}/{application}/{key}/versions",
        page=_listed(role.id).page(),
        export_url=paging.address(f"{PATH}/{application}/{key}/versions.csv"),
    )


@blueprint.get("/roles/<application>/<key>/versions.csv")
@guard.requires("rules.read")
def versions_of_role_file(application: str, key: str) -> Response:
    """Take home a role's versions."""
    role, texts = listing.role_of(context.db(), guard.part(), application, key)[0], context.texts()
    header = N_("Version"), N_("When"), N_("Done by"), N_("How it takes hold"), N_("Content"), N_("What changed")

    def cells(one: RoleVersionLine) -> RoleVersionCells:
        return RoleVersionCells(one.n, texts.moment(one.at), one.who, one.enforcement, one.content, " ".join(one.told))

    return _listed(role.id).file("versions", header, cells, {"role": f"{application}:{key}"})


@blueprint.get("/roles/<application>/<key>/versions/<int:n>")
@guard.requires("rules.read")
def role_version(application: str, key: str, n: int) -> Response:
    """Show what a version of a role says otherwise than the one in force, and what restoring it would do."""
    return _shown(application, key, n, "", 200)


@blueprint.post("/roles/<application>/<key>/versions/<int:n>")
@guard.requires("config.apply")
@guard.recent(_VERSION)
def restore_role_version(application: str, key: str, n: int) -> AnyResponse:
    """Restore a version, when its effects are those that were shown; or keep it as a declaration that waits."""
    session, says = context.db(), _version(application, key, n)
    if not guard.part().everything:
        raise NotFound(Problem("There is no such role, or it is outside your part."))
    actor, vault, named = context.actor(), context.vault(), f"{application}:{key}"
    try:
        _, would = role_restoring.preview(session, named, says, actor, vault, frame.part_of("persons.read"))
        if not compare_digest(effects_view.sealed(would.effects.digest), request.form.get("seen", "")):
            moved = N_("The effects changed meanwhile. Nothing was done; look at them again.")
            return _shown(application, key, n, context.texts().gettext(moved), 409)
        consortium = context.settings().consortium
        held = role_restoring.restore(session, named, says, actor, vault, consortium=consortium).held
    except (Denied, Conflict, Invalid) as error:
        return _shown(application, key, n, context.texts().sentence(error.problems[0]), error.status)
    return _done(f"{PATH}/{application}/{key}", None if held is None else name_of(held.digest).partition("/")[2])


def _done(path: str, waits: str | None) -> AnyResponse:
    say = context.texts().gettext
    if waits is not None:
        return frame.done(say(N_("Nothing was changed yet: it waits for a second person.")), f"{WAITING}{waits}")
    return frame.done(say(N_("The role says again what it said then, and rights follow it.")), path)


def _version(application: str, key: str, n: int) -> RoleSays:
    """A version of a role that the reader sees; raises ``NotFound``."""
    role = listing.role_of(context.db(), frame.part_of("rules.read") or guard.part(), application, key)[0]
    return role_versions.one_said(context.db(), role.id, n)


def _listed(role_id: UUID) -> Listed[RoleVersionLine]:
    return Listed(role_versions.versions(role_id), ROLE_VERSION_KEYS, partial(_lines, role_id), newest_first=True)


def _lines(role_id: UUID, session: Session, rows: Sequence[Any]) -> list[RoleVersionLine]:
    """Versions as lists show them; three statements, however many they are."""
    numbers = {version.n for version, _ in rows}
    says = role_versions.said(session, role_id, numbers | {n - 1 for n in numbers})
    people = profiles(session, {change.actor_person_id for _, change in rows if change.actor_person_id})
    system = context.texts().gettext(N_("The operator of the server"))
    called = _called(session, role_id, says.values())
    return [
        RoleVersionLine(
            version.n,
            change.at,
            people.get(change.actor_person_id, Profile()).display_name or "–" if change.actor_person_id else system,
            words.word(words.ENFORCEMENTS, version.enforcement),
            "; ".join(words.use(one, called[0]) for one in says[version.n].content),
            list(told(role_versions.altered(says[version.n - 1], says[version.n]), *called))
            if version.n - 1 in says
            else [context.texts().gettext(N_("The first version."))],
        )
        for version, change in rows
    ]


def _called(session: Session, role_id: UUID, says: Iterable[RoleSays]) -> tuple[dict[str, str], dict[str, str]]:
    """What the data groups and the roles are called of which versions speak; three statements at most."""
    found, language = list(says), context.texts().language
    keys = {right.partition(":")[0] for one in found for right in one.content}
    application_id = session.get_one(Role, role_id).application_id
    groups = groups_called(session, keys, language)
    included = {role for one in found for role in one.includes or ()}
    roles = {key: by[language] for key, by in (roles_called(session, included) if included else {}).items()}
    return {key: name for (whose, key), name in groups.items() if whose == application_id}, roles


def told(altered: RoleAltered, groups: Mapping[str, str], roles: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each thing that is said otherwise; ``groups`` and ``roles`` are what those are called."""
    t = context.texts().gettext
    for sentence, some in ((N_("Added: %(rights)s."), altered.added), (N_("Taken out: %(rights)s."), altered.taken)):
        if some:
            yield t(sentence) % {"rights": "; ".join(words.use(one, groups) for one in some)}
    if altered.enforcement is not None:
        before, after = (words.word(words.ENFORCEMENTS, one) for one in altered.enforcement)
        yield t(N_("Before it %(before)s, now it %(after)s.")) % {"before": before, "after": after}
    name = N_("Name (%(language)s): from %(before)s to %(after)s.")
    meaning = N_("What it means (%(language)s): from %(before)s to %(after)s.")
    for sentence, texts in ((name, altered.names), (meaning, altered.meanings)):
        for language, (before, after) in texts.items():
            called = LANGUAGE_NAMES.get(language, language)
            yield t(sentence) % {"language": called, "before": before or "–", "after": after or "–"}
    yield from _of_role(altered, roles)


def _of_role(altered: RoleAltered, roles: Mapping[str, str]) -> Iterator[str]:
    """What it includes, who hands it out and whether it is sensitive, where they differ."""
    t = context.texts().gettext
    more, less = N_("Includes from now on: %(roles)s."), N_("Includes no more: %(roles)s.")
    for sentence, some in ((more, altered.included), (less, altered.excluded)):
        if some:
            yield t(sentence) % {"roles": ", ".join(sorted(roles.get(one, one) for one in some))}
    if altered.handed_out is not None:
        yield t(N_("Handed out by: %(who)s.")) % {"who": words.word(HANDED_OUT, altered.handed_out[1])}
    if altered.sensitive is not None:
        on = N_("It becomes sensitive: nobody hands it out alone.")
        off = N_("It is sensitive no more: one person may hand it out.")
        yield t(on if altered.sensitive[1] else off)


def _shown(application: str, key: str, n: int, wrong: str, status: int) -> Response:
    session, read = context.db(), frame.part_of("rules.read") or guard.part()
    role, of, newest = listing.role_of(session, read, application, key)
    says = role_versions.one_said(session, role.id, n)
    now, above = role_versions.one_said(session, role.id, newest.n), _above(role, of, newest)
    called = _called(session, role.id, (now, says))
    differs = list(told(role_versions.altered(now, says), *called))
    effects, refused = _restoring(f"{application}:{key}", says) if differs else (None, "")
    return frame.render(
        "roles/version.html",
        status,
        section=SECTION,
        breadcrumb=[*above, (f"{PATH}/{application}/{key}/versions", context.texts().gettext(N_("Versions")))],
        path=f"{PATH}/{application}/{key}/versions/{n}",
        says=says,
        content=[words.use(one, called[0]) for one in says.content],
        meaning=[(LANGUAGE_NAMES[one], text) for one, text in (says.meaning or {}).items() if one in LANGUAGE_NAMES],
        includes=None if says.includes is None else [called[1].get(one, one) for one in says.includes],
        handed_out="" if says.handed_out is None else words.word(HANDED_OUT, says.handed_out),
        names=[(LANGUAGE_NAMES[one], name) for one, name in says.name.items() if one in LANGUAGE_NAMES],
        enforcement=words.word(words.ENFORCEMENTS, says.enforcement),
        is_newest=n == now.n,
        differs=differs,
        effects=effects,
        refused=refused,
        wrong=wrong,
        shown_places=SHOWN_PLACES,
        turn=paging.address(page=""),
        turn_form=None,
    )


def _restoring(role: str, says: RoleSays) -> tuple[effects_view.View | None, str]:
    """What restoring would do, for who may apply declarations over the whole, or why it cannot be restored."""
    session = context.db()
    if not frame.part_of("config.apply").everything:
        return None, ""
    part = frame.part_of("persons.read")
    try:
        would = role_restoring.preview(session, role, says, context.actor(), context.vault(), part)[1]
        return effects_view.view(session, would), ""
    except AvainError as error:
        return None, context.texts().sentence(error.problems[0])


def _above(role: Role, of: Application, newest: RoleVersion) -> list[tuple[str, str]]:
    """The pages above: the roles, and the role as the reader calls it."""
    texts = context.texts()
    own = f"{PATH}/{of.key}/{role.key}", in_language(newest.name, texts.language, role.key)
    return [(PATH, texts.gettext(N_("Roles"))), own]
