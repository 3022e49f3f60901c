"""What a token would hold of a person, at /admin/applications/KEY/token: nothing is issued, and looking is recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.applications.pages import PATH, SECTION, clients_of
from admin_ui.parts import frame, lists, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.seen import looked_for, profiles
from admin_ui.people.listing import archive_after, listed_name, position
from connectors.identity_code import holds_code
from iam import clock
from iam.access.administration import Part, may_see, speaks_freely
from iam.access.pages import listing
from iam.access.right import Capacity, capacities, rights
from iam.audit import log
from iam.directory.organisation import Organisation
from iam.directory.pages import listing as people
from iam.directory.pages.listing import PERSON_KEYS, Wanted
from iam.directory.pages.ties import ties
from iam.directory.person import Person
from iam.directory.queries import Profile, profile
from iam.errors import NotFound
from iam.oidc.issuing.preview import claims_for
from iam.oidc.model import Client
from iam.texts import N_, in_language
from iam.web import context, guard
from iam.web.redirect import see_other

SEVERAL = 20
"""So many people are offered when a name is looked for."""
_NOON = timedelta(hours=12)


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


@blueprint.get("/applications/<key>/token")
@guard.requires("applications.read")
def token(key: str) -> AnyResponse:
    """Show what a token for the application would hold of a person: nothing is issued, and looking is recorded."""
    session, texts, text = context.db(), context.texts(), lists.text()
    if holds_code(text):
        return see_other(f"{PATH}/{key}/token?refused=code")
    found, _ = listing.application_of(session, guard.part(), key)
    part, clients = frame.part_of("persons.read"), clients_of(session, found.id)
    asked = _asked(clients)
    if asked.person_id is not None and not (part and may_see(session, part, asked.person_id)):
        raise NotFound
    name = in_language(found.name, texts.language, key)
    return frame.render(
        "applications/token.html",
        section=SECTION,
        breadcrumb=[(PATH, texts.gettext(N_("Applications"))), (f"{PATH}/{key}", name)],
        application=found,
        name=name,
        clients=clients,
        asked=asked,
        text=text,
        refused=request.args.get("refused"),
        found=_search(session, part, text) if part and text else None,
        **_told(session, part, asked),
    )


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
    """Return people of the part by name or number, each with a line on every position, so that namesakes are told
    apart."""
    rows = session.scalars(
        people.persons(part, Wanted(text), archive_after()).order_by(*PERSON_KEYS).limit(SEVERAL)
    ).all()
    ids, texts = [row.id for row in rows], context.texts()
    looked_for(text)
    shown, found_ties = profiles(session, ids), ties(session, part, ids)
    found = []
    for row in rows:
        told = shown.get(row.id, Profile())
        lines_ = [position(tied, texts) for tied in found_ties[row.id].affiliations]
        found.append((row.id, listed_name(told, texts), lines_))
    return found


def _told(session: Session, part: Part, asked: Asked) -> dict[str, Any]:
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
    hidden = not speaks_freely(session, part, [asked.person_id])
    shown = {**nothing, "person": listed_name(told, context.texts()), "protected": hidden}
    if hidden:
        return shown
    held = capacities(session, asked.person_id, asked.at, soon=timedelta())
    found = _here(session, part, asked, [one for one in held if one.valid_from <= asked.at])
    chosen = next((one for one in found if one.id == asked.capacity_id), found[0] if found else None)
    shown["options"] = [(str(one.id), _capacity(one)) for one in found]
    if chosen is not None:
        claims = claims_for(session, asked.client, asked.person_id, chosen.id, asked.at, zone=context.settings().zone)
        envelope = {"page": "token", "client": asked.client.client_id, "on": asked.day.isoformat()}
        log.write(session, "person:page:opened", context.actor(), subject_id=asked.person_id, envelope=envelope)
        shown |= {
            "capacity": str(chosen.id),
            "claims": _rows(claims),
            "as_json": json.dumps(claims, ensure_ascii=False, indent=2),
        }
    return shown


def _here(session: Session, part: Part, asked: Asked, held: list[Capacity]) -> list[Capacity]:
    """Return the capacities in the part: positions there, and guardianships that give nothing outside it; three
    statements."""
    if part.everything or asked.client is None or asked.person_id is None:
        return held
    given = rights(session, asked.person_id, asked.client.application_id, asked.at)
    places = {one.organisation_id for one in held if one.organisation_id} | {right.scope_id for right in given}
    here = set(
        session.scalars(
            people.organisations(part).where(Organisation.id.in_(places)).with_only_columns(Organisation.id)
        )
    )
    wards = set(
        session.scalars(
            select(Person.id).where(Person.id.in_({one.on_behalf_of for one in held}), part.shows(Person.id))
        )
    )
    beyond = {right.capacity_id for right in given if right.scope_id not in here}
    return [one for one in held if one.organisation_id in here or (one.on_behalf_of in wards and one.id not in beyond)]


def _capacity(one: Capacity) -> str:
    texts = context.texts()
    place = one.organisation_names.get(texts.language, one.organisation_key)
    position = one.called(texts.language) or words.word(words.AFFILIATIONS, one.kind)
    return " · ".join(part for part in (position, place) if part)


def _rows(claims: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [
        (name, [_text(item) for item in value] if isinstance(value, list) else [_text(value)])
        for name, value in claims.items()
    ]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
