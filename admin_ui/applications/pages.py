"""Applications at /admin/applications: what relies on us, the settings its developer copies, its roles and who uses
it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.applications import setting_rows, told
from admin_ui.parts import frame, lists, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from iam import clock
from iam.access.administration import Part, may_touch
from iam.access.model.role import Application, ApplicationEnabled, Role
from iam.access.pages import listing
from iam.access.pages.listing import APPLICATION_KEYS, ROLE_KEYS
from iam.database.keyset import Cursor, keyset
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.directory.pages.listing import organisation_keys, organisations
from iam.directory.queries import holds_at
from iam.oidc.clients import by_page
from iam.oidc.model import Client
from iam.texts import N_, in_language
from iam.web import context, guard

PATH = "/admin/applications"
SECTION = "applications"
SOME = 50
Enabling = tuple[UUID, str, str, str]
"""(id, name, key, state) of an organisation."""
NOTICES = {
    "inform": N_("is told what the application receives"),
    "consent": N_("is asked for consent"),
    "none": N_("is told nothing"),
}
ENTRIES = {"role": N_("whoever has a role in it"), "everyone": N_("everybody of the organisations that enabled it")}
SUBJECTS = {
    "pairwise": N_("its own, which no other application knows the person by"),
    "public": N_("one that the owner's applications share"),
}
frame.section(SECTION, N_("Applications"), PATH, "applications.read", 60)


@dataclass(frozen=True, slots=True)
class ApplicationLine:
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
    return frame.render(
        "applications/applications.html", section=SECTION, page=_listed().page(), export_url=f"{PATH}.csv"
    )


@blueprint.get("/applications.csv")
@guard.requires("applications.read")
def applications_file() -> Response:
    """Take home the list."""
    header = N_("Application"), N_("Key"), N_("Owner"), N_("Roles"), N_("Clients")
    return _listed().file("applications", header, lambda one: (one.name, one.key, one.owner, one.roles, one.clients))


def _listed() -> Listed[ApplicationLine]:
    return Listed(listing.applications(guard.part()), APPLICATION_KEYS, lines)


@blueprint.get("/applications/<key>")
@guard.requires("applications.read")
def application(key: str) -> Response:
    """Show an application: the settings to copy, its roles, and a page of the organisations that enabled it."""
    session, part, texts = context.db(), guard.part(), context.texts()
    found, owner = listing.application_of(session, part, key)
    language, clients = texts.language, clients_of(session, found.id) if _concerns(session, part, found) else []
    roles = keyset(session, listing.roles(part, application=key), ROLE_KEYS, Cursor(size=SOME))
    return frame.render(
        "applications/application.html",
        section=SECTION,
        breadcrumb=[(PATH, texts.gettext(N_("Applications")))],
        application=found,
        name=in_language(found.name, language, key),
        owner=owner.name(language),
        clients=clients,
        told={one.client_id: told.of_client(one.metadata_) for one in clients},
        may_tell=frame.part_of("config.apply").everything,
        facts=_facts(found),
        issuer=context.settings().issuer,
        setting_rows=setting_rows.rows,
        more_roles=roles.later,
        mine=may_touch(session, frame.part_of("applications.write"), found.owner_id),
        roles=[
            (
                role.key,
                in_language(version.name, language, role.key),
                words.word(words.ENFORCEMENTS, version.enforcement),
            )
            for role, _, version in roles.rows
        ],
        page=_enabled(part, found.id).page(),
        export_url=f"{PATH}/{key}/enabled.csv",
    )


@blueprint.get("/applications/<key>/enabled.csv")
@guard.requires("applications.read")
def enabled_file(key: str) -> Response:
    """Take home the organisations that enabled the application."""
    found, _ = listing.application_of(context.db(), guard.part(), key)
    language, header = context.texts().language, (N_("Key"), N_("Organisation"))
    return _enabled(guard.part(), found.id).file(
        "enabled", header, lambda row: (row.key, row.name(language)), {"application": key}
    )


def _enabled(part: Part, application_id: UUID) -> Listed[Organisation]:
    query, keys = listing.enabled(part, application_id), organisation_keys(context.texts().language)
    return Listed(query, keys, lambda _, rows: rows)


@blueprint.get("/applications/<application>/organisations")
@guard.requires("applications.read")
def application_organisations(application: str) -> Response:
    """Show the organisations of the reader's part, each with whether it has enabled the application."""
    texts = context.texts()
    row, _ = listing.application_of(context.db(), guard.part(), application)
    name = in_language(row.name, texts.language, application)
    return frame.render(
        "applications/organisations.html",
        section=SECTION,
        name=name,
        here=request.path,
        text=lists.text(),
        entry=words.word(ENTRIES, row.entry),
        breadcrumb=[(PATH, texts.gettext(N_("Applications"))), (f"{PATH}/{application}", name)],
        may_write=frame.may("applications.write"),
        page=_organisations(row.id).page(),
        export_url=paging.address(f"{request.path}.csv"),
    )


@blueprint.get("/applications/<application>/organisations.csv")
@guard.requires("applications.read")
def application_organisations_file(application: str) -> Response:
    """Take home the organisations of the reader's part, each with whether it has enabled the application."""
    row, _ = listing.application_of(context.db(), guard.part(), application)
    said = {"on": N_("enabled"), "above": N_("enabled above"), "off": N_("not enabled")}

    def cells(line: Enabling) -> Sequence[object]:
        _, name, key, state = line
        return key, name, words.word(said, state)

    header = N_("Key"), N_("Organisation"), N_("State")
    return _organisations(row.id).file("organisations", header, cells, {"application": application})


def _organisations(application_id: UUID) -> Listed[Enabling]:
    query, keys = organisations(guard.part(), lists.text()), organisation_keys(context.texts().language)
    return Listed(query, keys, lambda session, rows: enabling(session, application_id, rows))


@blueprint.post("/applications/<application>/organisations/<uuid:organisation_id>")
@guard.requires("applications.write")
@guard.recent(f"{PATH}/{{application}}/organisations")
def enable_application(application: str, organisation_id: UUID) -> AnyResponse:
    """Let the people of an organisation use the application, or no longer."""
    session, part, texts = context.db(), guard.part(), context.texts()
    row, _ = listing.application_of(session, part, application)
    on = request.form.get("on") == "yes"
    by_page.enable(session, part, row, organisation_id, context.actor(), on=on)
    here, text = f"{PATH}/{application}/organisations", lists.tidied(request.form.get("q", ""))
    still = session.execute(listing.applications(part).where(Application.id == row.id)).first()
    return frame.done(
        texts.gettext(N_("The organisation may use it.") if on else N_("The organisation may no longer use it.")),
        (f"{here}?{urlencode({'q': text})}" if text else here) if still else PATH,
    )


def enabling(session: Session, application_id: UUID, rows: Sequence[Organisation]) -> list[Enabling]:
    """Return how organisations stand to an application: on, on by one above it, or off; one statement."""
    ids, language = [row.id for row in rows], context.texts().language
    query = (
        select(OrganisationClosure.descendant_id, OrganisationClosure.ancestor_id)
        .join(ApplicationEnabled, ApplicationEnabled.organisation_id == OrganisationClosure.ancestor_id)
        .where(
            ApplicationEnabled.application_id == application_id,
            OrganisationClosure.descendant_id.in_(ids),
            holds_at(OrganisationClosure, clock.now()),
        )
    )
    found = list(session.execute(query))
    above, on = {row[0] for row in found}, {row[0] for row in found if row[0] == row[1]}
    return [
        (row.id, row.name(language), row.key, "on" if row.id in on else "above" if row.id in above else "off")
        for row in rows
    ]


def lines(session: Session, rows: Sequence[Any]) -> list[ApplicationLine]:
    """Return applications as lists show them; two statements, however many they are."""
    language, ids = context.texts().language, [row[0].id for row in rows]
    roles = _counted(session, Role, ids)
    clients = _counted(session, Client, ids)
    return [
        ApplicationLine(
            app.key,
            in_language(app.name, language, app.key),
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


def _concerns(session: Session, part: Part, application: Application) -> bool:
    """Whether an application is of the reader's part or of what lies above it: one that is only enabled there keeps its
    clients to itself."""
    query = select(Application.id).where(Application.id == application.id, listing.concerns(part, Application.owner_id))
    return session.scalars(query).first() is not None


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
