"""Applications at /admin/applications: what relies on us, the settings its developer copies, who uses it, and what a token would hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui import exports, frame, paging, words
from admin_ui.every import batches, every
from admin_ui.frame import blueprint
from admin_ui.persons import LONGEST, archive_after, listed_name
from admin_ui.roles import named
from connectors.identity_code import holds_code
from iam import clock
from iam.access import listing
from iam.access.administration import Part, may_see
from iam.access.listing import APPLICATION_KEYS, ROLE_KEYS
from iam.access.right import Capacity, capacities
from iam.access.role import Application, Role
from iam.audit import log
from iam.database.keyset import Cursor, keyset
from iam.directory import listing as people
from iam.directory.listing import PERSON_KEYS, Wanted, organisation_keys
from iam.directory.queries import Profile, profile, profiles
from iam.errors import NotFound
from iam.oidc.model import Client
from iam.oidc.preview import claims_for
from iam.texts import N_
from iam.web import context, guard
from iam.web.redirect import see_other

PATH = "/admin/applications"
SECTION = "applications"
SOME = 50
SEVERAL = 20
"""So many people are offered when a name is looked for."""
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
_NOON = timedelta(hours=12)

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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a token is asked about: the client, the person (None: not chosen yet), the capacity and the day."""

    client: Client | None
    person_id: UUID | None
    capacity_id: UUID | None
    day: date

    @property
    def at(self) -> datetime:
        """The instant asked about: now, or noon of another day."""
        zone = str(context.zone())
        return clock.now() if self.day == clock.today(zone) else clock.day_start(self.day, zone) + _NOON


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
        application=found, name=named(found.name, language, key), owner=owner.name(language), clients=_clients(session, found.id),
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


@blueprint.get("/applications/<key>/token")
@guard.requires("applications.read")
def token(key: str) -> AnyResponse:
    """Show what a token for the application would hold of a person: nothing is issued, and looking is recorded."""
    session, texts, text = context.db(), context.texts(), request.args.get("q", "")[:LONGEST].strip()
    if holds_code(text):
        return see_other(f"{PATH}/{key}/token?refused=code")
    found, _ = listing.application_of(session, guard.part(), key)
    part, clients = frame.part_of("persons.read"), _clients(session, found.id)
    asked = _asked(clients)
    if asked.person_id is not None and not (part and may_see(session, part, asked.person_id)):
        raise NotFound
    name = named(found.name, texts.language, key)
    return frame.render(
        "applications/token.html", section=SECTION, breadcrumb=[(PATH, texts.gettext(N_("Applications"))), (f"{PATH}/{key}", name)],
        application=found, name=name, clients=clients, asked=asked, text=text, refused=request.args.get("refused"),
        found=_search(session, part, text) if part and text else None, **_told(session, asked),
    )  # fmt: skip


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


def _clients(session: Session, application_id: UUID) -> list[Client]:
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


def _asked(clients: list[Client]) -> Asked:
    chosen = next(
        (client for client in clients if client.client_id == request.args.get("client")),
        clients[0] if clients else None,
    )
    try:
        day = date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        day = clock.today(str(context.zone()))
    return Asked(chosen, paging.as_id(request.args.get("person")), paging.as_id(request.args.get("capacity")), day)


def _search(session: Session, part: Part, text: str) -> list[tuple[UUID, str, list[str]]]:
    """Return people of the part by name or number, each with a line on every position, so that namesakes are told apart."""
    rows = session.scalars(
        people.persons(part, Wanted(text), archive_after()).order_by(*PERSON_KEYS).limit(SEVERAL)
    ).all()
    ids, texts = [row.id for row in rows], context.texts()
    shown, ties = profiles(session, ids), people.affiliations(session, part, ids)
    found = []
    for row in rows:
        told, lines_ = shown.get(row.id, Profile()), []
        for tie, organisation in ties.get(row.id, []):
            place = texts.gettext(N_("place protected")) if told.protected else organisation.name(texts.language)
            lines_.append(f"{tie.title or words.word(words.AFFILIATIONS, tie.kind)}, {place}")
        found.append((row.id, listed_name(told, texts), lines_))
    return found


def _told(session: Session, asked: Asked) -> dict[str, Any]:
    """Return the person's name and capacities, and the claims of the one that is chosen (the first when none is)."""
    nothing: dict[str, Any] = {
        "person": None,
        "protected": False,
        "options": [],
        "capacity": None,
        "claims": None,
        "as_json": "",
    }
    if asked.person_id is None or asked.client is None:
        return nothing
    told = profile(session, asked.person_id)
    shown = {**nothing, "person": listed_name(told, context.texts()), "protected": told.protected}
    if told.protected:
        return shown
    found = [
        one for one in capacities(session, asked.person_id, asked.at, soon=timedelta()) if one.valid_from <= asked.at
    ]
    chosen = next((one for one in found if one.id == asked.capacity_id), found[0] if found else None)
    shown["options"] = [(str(one.id), _capacity(one)) for one in found]
    if chosen is not None:
        claims = claims_for(session, asked.client, asked.person_id, chosen.id, asked.at)
        envelope = {"page": "token", "client": asked.client.client_id, "on": asked.day.isoformat()}
        log.write(session, "person:page:opened", context.actor(), subject_id=asked.person_id, envelope=envelope)
        shown |= {
            "capacity": str(chosen.id),
            "claims": _rows(claims),
            "as_json": json.dumps(claims, ensure_ascii=False, indent=2),
        }
    return shown


def _capacity(one: Capacity) -> str:
    texts = context.texts()
    place = one.organisation_names.get(texts.language, one.organisation_key)
    return " · ".join(part for part in (one.position or words.word(words.AFFILIATIONS, one.kind), place) if part)


def _rows(claims: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [
        (name, [_text(item) for item in value] if isinstance(value, list) else [_text(value)])
        for name, value in claims.items()
    ]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
