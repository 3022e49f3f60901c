"""Reads what an application may be told of a person now, and where the person stands towards it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.orm import Session

from iam.access.administration import permissions_of
from iam.access.model.assignment import NIL
from iam.access.model.role import Application
from iam.access.right import Capacity, Right, capacities, capacity as capacity_now, rights
from iam.database.bulk import upsert
from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime
from iam.directory import queries
from iam.oidc.authorization.interaction import may_enter, told_of
from iam.oidc.claims import subjects as subject
from iam.oidc.claims.compose import Told, opaque_capacity_id, usable
from iam.oidc.clients.enabled import around, lets_in
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.issuing.grant_state import GrantState
from iam.oidc.model import RememberedCapacity
from iam.signin.federation import reach
from iam.texts import LANGUAGES
from iam.tokens.session import LoginSession

ABOUT_PERSON = frozenset({"profile", "email", "phone"})
"""Scopes for which the person's profile is read."""

DEFAULT_LANGUAGE = LANGUAGES[0]
"""The consortium's, told of who has chosen none."""


def told(
    session: Session,
    key: bytes,
    client: RegisteredClient,
    person_id: UUID,
    capacity_id: UUID | None,
    scopes: Collection[str],
    at: datetime,
    *,
    give_subject: bool = True,
    standing: GrantState | None = None,
) -> Told | None:
    """Return what ``client`` may be told of a person in a capacity at ``at``; None when the person may not enter in it
    (any more).

    A hold, the capacity's end and the loss of the right to enter all show here, so every refresh and every look asks
    it. ``standing`` is what was just read of the grant it is about.
    """
    capacity: Capacity | None = None
    held: tuple[Right, ...] = ()
    if client.is_ours:
        if not _administers(session, person_id, at):
            return None
    else:
        capacity = standing.capacity if standing is not None else _capacity(session, person_id, capacity_id, at)
        if capacity is None:
            return None
        found = rights(session, person_id, client.application_id, at)
        if standing is not None and capacity.organisation_id is not None:
            there = standing.enabled
        else:
            # A guardian's capacity has no organisation: where it is enabled is told by the rights.
            there = around(session, person_id, client.application_id, at)
        if not may_enter(client.entry, capacity, found, there):
            return None
        held = told_of(capacity, found, there)
    named = standing.named if standing is not None else subject.known(session, client.sector, person_id)
    sub = named.subject or (subject.give(session, client.sector, person_id) if give_subject else "")
    return Told(
        sub,
        capacity,
        opaque_capacity_id(key, client.application_id, capacity.id) if capacity else "",
        _other(session, client, capacity, give_subject),
        usable(held, capacity_id, client.application_id),
        _groups(session, person_id, capacity, at) if "groups" in scopes else (),
        queries.profile(session, person_id) if ABOUT_PERSON & set(scopes) else None,
        named.login,
        named.language or DEFAULT_LANGUAGE,
        named.language or DEFAULT_LANGUAGE,
    )


def _capacity(session: Session, person_id: UUID, capacity_id: UUID | None, at: datetime) -> Capacity | None:
    return None if capacity_id is None else capacity_now(session, person_id, capacity_id, at)


def for_audience(session: Session, key: bytes, told: Told, person_id: UUID, audience: str, at: datetime) -> Told:
    """Return what an access token tells another audience of the person: that application's rights and its name for the
    capacity.

    An audience that is no application of ours is told neither, and one that is not enabled for the capacity no rights.
    """
    here = told.capacity.organisation_id if told.capacity is not None else None
    found = _OF_AUDIENCE.one(session, of_audience=audience, of_organisation=here or NIL, at=at)
    if found is None or told.capacity is None:
        return replace(told, capacity=None, capacity_id="", rights=(), groups=())
    application_id, lets = found
    there = around(session, person_id, application_id, at) if here is None else frozenset({here} if lets else ())
    held = rights(session, person_id, application_id, at) if there else []
    return replace(
        told,
        capacity_id=opaque_capacity_id(key, application_id, told.capacity.id),
        rights=usable(told_of(told.capacity, held, there), told.capacity.id, application_id),
    )


def _of_audience() -> Rows:
    lets = lets_in(bindparam("of_organisation", type_=Uuid()), Application.id, bindparam("at", type_=UtcDateTime()))
    query: Rows = select(Application.id, lets)
    return query.where(Application.audience == bindparam("of_audience"), ~Application.retired)


_OF_AUDIENCE: Statement[tuple[UUID, bool]] = Statement(
    _of_audience, lambda application_id, lets: (application_id, bool(lets))
)


def _other(session: Session, client: RegisteredClient, capacity: Capacity | None, give: bool) -> str | None:
    """Return the subject of the person on whose behalf somebody acts."""
    if capacity is None or capacity.on_behalf_of is None:
        return None
    if give:
        return subject.give(session, client.sector, capacity.on_behalf_of)
    return subject.known(session, client.sector, capacity.on_behalf_of).subject


def _groups(session: Session, person_id: UUID, capacity: Capacity | None, at: datetime) -> Sequence[str]:
    """Return the groups within the capacity's organisation; a class tells where its members are, so a protected person
    has none."""
    if capacity is None or capacity.organisation_id is None or queries.profile(session, person_id).protected:
        return ()
    return queries.group_keys(session, person_id, capacity.organisation_id, at)


def _administers(session: Session, person_id: UUID, at: datetime) -> bool:
    return bool(permissions_of(session, person_id)) and queries.held(session, person_id, at) is None


def may_administer(session: Session, client: RegisteredClient, login: LoginSession, at: datetime) -> bool:
    """Whether the client is our own administration and the person holds any part of it that this session opens."""
    if not client.is_ours or not _administers(session, login.person_id, at):
        return False
    opened = reach.administered(session, login)
    return opened is None or any(ids & opened for ids in permissions_of(session, login.person_id).values())


def entries(
    session: Session, client: RegisteredClient, login: LoginSession, at: datetime
) -> tuple[list[tuple[Capacity, bool]], bool]:
    """Return the capacities that the session opens, coming ones too, each with whether it may enter the client's
    application; and whether a further proof of the person would open more of it."""
    if client.is_ours:
        return [], _administers(session, login.person_id, at) and not may_administer(session, client, login, at)
    found, opened = capacities(session, login.person_id, at), reach.capacities_of(session, login, at)
    held: list[Right] = rights(session, login.person_id, client.application_id, at) if found else []
    allowed = around(session, login.person_id, client.application_id, at) if found else frozenset()
    entering = [(capacity, may_enter(client.entry, capacity, held, allowed)) for capacity in found]
    if opened is None:
        return entering, False
    more = any(enters and capacity.id not in opened for capacity, enters in entering)
    return [pair for pair in entering if pair[0].id in opened], more


_REMEMBERED: Statement[UUID] = Statement(
    lambda: select(RememberedCapacity.capacity_id).where(
        RememberedCapacity.person_id == bindparam("of_person", type_=Uuid()),
        RememberedCapacity.application_id == bindparam("of_application", type_=Uuid()),
    ),
    lambda capacity_id: capacity_id,
)


def remembered(session: Session, client: RegisteredClient, person_id: UUID) -> UUID | None:
    """Return the capacity the person last chose for the application."""
    return _REMEMBERED.one(session, of_person=person_id, of_application=client.application_id)


def remember(session: Session, client: RegisteredClient, person_id: UUID, capacity_id: UUID) -> None:
    """Remember the choice for the application; one statement."""
    keys = {"person_id": person_id, "application_id": client.application_id}
    upsert(session, RememberedCapacity, keys, {"capacity_id": capacity_id})
