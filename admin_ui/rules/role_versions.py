"""The versions of a role at /admin/roles/APPLICATION/KEY/versions, each with what it says otherwise than the one
before, and restoring one at /versions/N with its effects first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from admin_ui.rules.roles import PATH, SECTION
from connectors.problem import Problem
from iam.access.model.role import Application, Role, RoleVersion
from iam.access.pages import listing, role_versions
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
    return [
        RoleVersionLine(
            version.n,
            change.at,
            people.get(change.actor_person_id, Profile()).display_name or "–" if change.actor_person_id else system,
            words.word(words.ENFORCEMENTS, version.enforcement),
            ", ".join(says[version.n].content),
            list(told(role_versions.altered(says[version.n - 1], says[version.n])))
            if version.n - 1 in says
            else [context.texts().gettext(N_("The first version."))],
        )
        for version, change in rows
    ]


def told(altered: RoleAltered) -> Iterator[str]:
    """Yield a sentence for each thing that is said otherwise."""
    t = context.texts().gettext
    if altered.added:
        yield t(N_("Added: %(rights)s.")) % {"rights": ", ".join(altered.added)}
    if altered.taken:
        yield t(N_("Taken out: %(rights)s.")) % {"rights": ", ".join(altered.taken)}
    if altered.enforcement is not None:
        before, after = (words.word(words.ENFORCEMENTS, one) for one in altered.enforcement)
        yield t(N_("Before it %(before)s, now it %(after)s.")) % {"before": before, "after": after}
    for language, (before, after) in altered.names.items():
        params = {"language": LANGUAGE_NAMES.get(language, language), "before": before or "–", "after": after or "–"}
        yield t(N_("Name (%(language)s): from %(before)s to %(after)s.")) % params


def _shown(application: str, key: str, n: int, wrong: str, status: int) -> Response:
    session, read = context.db(), frame.part_of("rules.read") or guard.part()
    role, of, newest = listing.role_of(session, read, application, key)
    says = role_versions.one_said(session, role.id, n)
    now, above = role_versions.one_said(session, role.id, newest.n), _above(role, of, newest)
    differs = list(told(role_versions.altered(now, says)))
    effects, refused = _restoring(f"{application}:{key}", says) if differs else (None, "")
    return frame.render(
        "roles/version.html",
        status,
        section=SECTION,
        breadcrumb=[*above, (f"{PATH}/{application}/{key}/versions", context.texts().gettext(N_("Versions")))],
        path=f"{PATH}/{application}/{key}/versions/{n}",
        says=says,
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
