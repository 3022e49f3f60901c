"""Upstream connections, found by key or domain, and the accounts there whose person we know, linked by connection,
issuer and subject (OI-07).

A person's account there is never recognised by an e-mail address, and a link never moves to another person by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.audit import log
from iam.change import Actor
from iam.database.statement import Statement
from iam.directory.person import Identifier
from iam.signin.accounts import ending
from iam.signin.federation import reach
from iam.signin.federation.connection import Connection, Link

NOT_WHO = ("email", "preferred_username")
"""Claims that tell no one person: whoever runs the provider, or the person, may set them to somebody else's address."""
_CALLED = ("name", "preferred_username", "upn", "email")
_LONGEST = 255
_LONGEST_CALLED = 100


@dataclass(frozen=True, slots=True)
class Upstream:
    """A connection in use, as read: it outlives the transaction. ``secret`` is sealed.

    ``applications`` are the keys of those whose people come by it, with how: it is offered ``first``, or ``only`` it.
    """

    id: UUID
    key: str
    name: Mapping[str, str]
    issuer: str
    client_id: str
    secret: bytes | None
    scope: str
    domains: list[str]
    applications: Mapping[str, str]
    identifier: Mapping[str, Any]
    owner_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """One link of a person, as My account shows it."""

    id: UUID
    connection_id: UUID
    name: Mapping[str, str]
    created_at: datetime


_IN_USE = Statement(
    lambda: (
        select(*(getattr(Connection, field.name) for field in fields(Upstream)))
        .where(Connection.retired.is_(False))
        .order_by(Connection.key)
    ),
    Upstream,
)


def in_use(session: Session) -> list[Upstream]:
    """Return the connections that are not retired, by key."""
    return _IN_USE.all(session)


def find(session: Session, key: str) -> Upstream | None:
    """Return the connection of a key; None when there is none in use."""
    return next((one for one in in_use(session) if one.key == key), None)


def for_login(session: Session, login: str) -> Upstream | None:
    """Return the connection to whose people a login belongs by its domain, whether or not there is such a person
    (AU-06)."""
    name, at, domain = login.strip().rpartition("@")
    if not name or not at or not login.isprintable() or len(login) > _LONGEST:
        return None
    return next((one for one in in_use(session) if domain.casefold() in one.domains), None)


def for_application(those: Iterable[Upstream], application_key: str) -> Upstream | None:
    """Return by which of some connections an application's people come; None when they come by any."""
    return next((one for one in those if application_key in one.applications), None)


def linked(session: Session, upstream: Upstream, subject: str) -> UUID | None:
    """Return whose account ``subject`` of the connection's issuer is; None when nobody has connected it."""
    query = select(Link.person_id).where(
        Link.connection_id == upstream.id, Link.issuer == upstream.issuer, Link.subject == subject
    )
    return session.scalars(query).one_or_none()


def told(session: Session, upstream: Upstream, claims: Mapping[str, Any]) -> UUID | None:
    """Return whom the connection's claim names among identifiers that a source told; None unless that is exactly one
    person.

    A person who has another account connected there is never found: an identifier given on to somebody else must not
    open the first one's door. Nor is a person who administers anything, now or later: they connect their account
    themselves.
    """
    value = claims.get(str(upstream.identifier.get("claim", "")))
    if upstream.identifier.get("claim") in NOT_WHO or not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        return None
    now = clock.now()
    query = select(Identifier.person_id).where(
        Identifier.kind == upstream.identifier.get("kind"),
        Identifier.issuer == upstream.identifier.get("issuer", ""),
        Identifier.value == value,
        Identifier.closed_by.is_(None),
        Identifier.source_id.is_not(None),
        Identifier.valid_from <= now,
        Identifier.valid_to > now,
        ~select(Link.id).where(Link.connection_id == upstream.id, Link.person_id == Identifier.person_id).exists(),
        ~select(AdminGrant.id)
        .where(AdminGrant.person_id == Identifier.person_id, AdminGrant.closed_by.is_(None), AdminGrant.valid_to > now)
        .exists(),
    )
    found = set(session.scalars(query))
    return found.pop() if len(found) == 1 else None


def called(claims: Mapping[str, Any]) -> str:
    """Return what an ID token calls its account, name and address, for its person to know it by; empty when it tells
    neither."""
    told = [claims.get(name) for name in _CALLED]
    texts = [text.strip()[:_LONGEST_CALLED] for text in told if isinstance(text, str) and text.isprintable()]
    return ", ".join(dict.fromkeys(text for text in texts if text))


def heard(session: Session, upstream: Upstream, subject: str) -> None:
    """Note that a sign-in by an account there tells of its person now; of parallel sign-ins the later waits here."""
    account = Link.connection_id == upstream.id, Link.issuer == upstream.issuer, Link.subject == subject
    session.execute(update(Link).where(*account).values(told_at=clock.now()))


def link(session: Session, upstream: Upstream, subject: str, person_id: UUID, actor: Actor, how: str) -> bool:
    """Connect an account there with a person; False when it is another person's. ``how``: confirmed by them, or by an
    identifier."""
    standing = linked(session, upstream, subject)
    if standing is not None:
        return standing == person_id
    row = Link(
        connection_id=upstream.id, issuer=upstream.issuer, subject=subject, person_id=person_id, created_at=clock.now()
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return linked(session, upstream, subject) == person_id
    envelope = {"connection": upstream.key, "how": how, "address": actor.address}
    log.write(session, "signin:upstream:linked", actor, subject_id=person_id, envelope=envelope)
    return True


def of_person(session: Session, person_id: UUID) -> tuple[list[Linked], list[Connection]]:
    """Return a person's links, oldest first, and the connections in use that they have none to, by key; one
    statement."""
    c = Connection
    query = select(c, Link.id, Link.created_at).outerjoin(
        Link, (Link.connection_id == c.id) & (Link.person_id == person_id)
    )
    links, others = [], []
    rows: Any = session.execute(query.where(~c.retired | Link.id.is_not(None)).order_by(c.key))
    for row, link_id, created_at in rows:
        if link_id is None:
            others.append(row)
        else:
            links.append(Linked(link_id, row.id, row.name, created_at))
    return sorted(links, key=lambda one: one.id.hex), others


def unlink(session: Session, person_id: UUID, link_id: UUID, actor: Actor) -> bool:
    """Remove one of a person's links; return whether it was theirs."""
    query = delete(Link).where(Link.id == link_id, Link.person_id == person_id).returning(Link.connection_id)
    connection_id = session.scalars(query).one_or_none()
    if connection_id is None:
        return False
    key = session.scalars(select(Connection.key).where(Connection.id == connection_id)).one()
    envelope = {"connection": key, "address": actor.address}
    log.write(session, "signin:upstream:unlinked", actor, subject_id=person_id, envelope=envelope)
    return True


def add(session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add connections, given as columns of ``Connection``; they were checked."""
    given = [dict(row) for row in rows]
    if given:
        session.execute(insert(Connection), given)


def amend(session: Session, rows: Iterable[Mapping[str, Any]], actor: Actor) -> None:
    """Change connections by id; columns that are not given stay as they are. Of one that is retired the sessions
    end."""
    for row in rows:
        values = {name: value for name, value in row.items() if name != "id"}
        session.execute(update(Connection).where(Connection.id == row["id"]).values(values))
        if row.get("retired"):
            ending.end_by(session, actor, "connection retired", reach.of_connection(row["id"]))
