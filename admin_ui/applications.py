"""Applications at /admin/applications: what relies on us, the settings its developer copies, its roles and who uses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from admin_ui import exports, frame, paging, words
from admin_ui.every import batches, every
from admin_ui.frame import blueprint
from admin_ui.roles import named
from iam.access import listing
from iam.access.listing import APPLICATION_KEYS, ROLE_KEYS
from iam.access.role import Application, Role
from iam.database.keyset import Cursor, keyset
from iam.directory.listing import organisation_keys
from iam.oidc.model import Client
from iam.texts import N_
from iam.web import context, guard

PATH = "/admin/applications"
SECTION = "applications"
SOME = 50
NOTICES = {
    "inform": N_("is told what the application receives"), "consent": N_("is asked for consent"), "none": N_("is told nothing"),
}  # fmt: skip
ENTRIES = {"role": N_("whoever has a role in it"), "everyone": N_("everybody of the organisations that enabled it")}
SUBJECTS = {
    "pairwise": N_("its own, which no other application knows the person by"), "public": N_("one that the owner's applications share"),
}  # fmt: skip
AUTHS = {
    "client_secret_basic": N_("a secret, in the header"), "client_secret_post": N_("a secret, in the form"),
    "private_key_jwt": N_("a key of its own"), "none": N_("none: it runs on the person's own device"),
}  # fmt: skip

frame.section(SECTION, N_("Applications"), PATH, "applications.read", 60)


@dataclass(frozen=True, slots=True)
class Line:
    """An application as the list shows it."""

    key: str
    name: str
    owner: str
    roles: int
    clients: int
    retired: bool


@blueprint.get("/applications")
@guard.requires("applications.read")
def applications() -> Response:
    """Show a page of the list."""
    session = context.db()
    found = keyset(session, listing.applications(guard.part()), APPLICATION_KEYS, paging.cursor())
    return frame.render(
        "applications/applications.html",
        section=SECTION,
        page=paging.shown(found, lines(session, found.rows)),
        export_url=f"{PATH}.csv",
    )


@blueprint.get("/applications.csv")
@guard.requires("applications.read")
def applications_file() -> Response:
    """Take home the list."""
    part, texts = guard.part(), context.texts()
    header = [N_("Application"), N_("Key"), N_("Owner"), N_("Roles"), N_("Clients")]

    def rows(session: Session) -> Iterator[Sequence[object]]:
        for batch in batches(session, listing.applications(part), APPLICATION_KEYS):
            for line in lines(session, batch):
                yield line.name, line.key, line.owner, line.roles, line.clients

    return exports.csv_file("applications", [texts.gettext(name) for name in header], rows)


@blueprint.get("/applications/<key>")
@guard.requires("applications.read")
def application(key: str) -> Response:
    """Show an application: the settings to copy, its roles, and a page of the organisations that enabled it."""
    session, part, texts = context.db(), guard.part(), context.texts()
    found, owner = listing.application_of(session, part, key)
    language = texts.language
    enabled = keyset(session, listing.enabled(found.id), organisation_keys(language), paging.cursor())
    roles = keyset(session, listing.roles(part, application=key), ROLE_KEYS, Cursor(size=SOME))
    return frame.render(
        "applications/application.html", section=SECTION, breadcrumb=[(PATH, texts.gettext(N_("Applications")))],
        application=found, name=named(found.name, language, key), owner=owner.name(language), clients=clients_of(session, found.id),
        facts=_facts(found), issuer=context.settings().issuer, auths=AUTHS, word=words.word, more_roles=roles.later,
        roles=[(role.key, named(version.name, language, role.key), words.word(words.ENFORCEMENTS, version.enforcement)) for role, _, version in roles.rows],
        page=paging.shown(enabled, [(row.id, row.name(language)) for row in enabled.rows]), export_url=f"{PATH}/{key}/enabled.csv",
    )  # fmt: skip


@blueprint.get("/applications/<key>/enabled.csv")
@guard.requires("applications.read")
def enabled_file(key: str) -> Response:
    """Take home the organisations that enabled the application."""
    found, _ = listing.application_of(context.db(), guard.part(), key)
    texts = context.texts()

    def rows(session: Session) -> Iterator[Sequence[object]]:
        for row in every(session, listing.enabled(found.id), organisation_keys(texts.language)):
            yield row.key, row.name(texts.language)

    return exports.csv_file(
        "enabled", [texts.gettext(N_("Key")), texts.gettext(N_("Organisation"))], rows, {"application": key}
    )


def lines(session: Session, rows: Sequence[Any]) -> list[Line]:
    """Return applications as lists show them; two statements, however many they are."""
    language, ids = context.texts().language, [row[0].id for row in rows]
    roles = _counted(session, Role, ids)
    clients = _counted(session, Client, ids)
    return [
        Line(
            app.key,
            named(app.name, language, app.key),
            owner.name(language),
            roles.get(app.id, 0),
            clients.get(app.id, 0),
            app.retired,
        )
        for app, owner in rows
    ]


def _counted(session: Session, model: Any, ids: list[UUID]) -> dict[UUID, int]:
    query = (
        select(model.application_id, func.count())
        .where(model.application_id.in_(ids), ~model.retired)
        .group_by(model.application_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def clients_of(session: Session, application_id: UUID) -> list[Client]:
    """Return an application's clients in use."""
    query = select(Client).where(Client.application_id == application_id, ~Client.retired).order_by(Client.client_id)
    return list(session.scalars(query))


def _facts(application: Application) -> list[tuple[str, str]]:
    t = context.texts().gettext
    chosen = (
        t(N_("the person chooses a position when there are several"))
        if application.ask_capacity
        else t(N_("the primary position"))
    )
    return [
        (t(N_("Who may sign in")), words.word(ENTRIES, application.entry)),
        (t(N_("Acts as")), chosen),
        (t(N_("At sign-in the person")), words.word(NOTICES, application.notice)),
        (t(N_("Identifier of the person")), words.word(SUBJECTS, application.subject_mode)),
    ]
