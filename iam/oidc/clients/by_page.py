"""What an administrator does to applications and their clients on a page: register, give a new secret, rename claims,
retire, enable.

Each command acts within the administrator's ``Part`` (an application by its owner, enabling by the enabling
organisation), checks by ``registration_rules``, writes under one change with one event, and makes every process read
its clients afresh. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import change, clock
from iam.access.administration import Part, may_touch
from iam.access.derivation.derive import derive
from iam.access.model.role import Application, ApplicationEnabled, Role
from iam.access.model.rule import Rule, RuleVersion
from iam.audit import log
from iam.change import Actor
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.errors import Conflict, Invalid, NotFound
from iam.oidc import naming
from iam.oidc.claims.compose import MAPPABLE
from iam.oidc.clients import write as registration
from iam.oidc.clients.rules import SECRET_METHODS, Registration, mapper_problems, problems
from iam.oidc.clients.templates import TEMPLATES
from iam.oidc.model import Client, ClientSecret
from iam.tokens import secret as secrets

LONGEST_LIFE = 90
"""Days for which a replaced secret may go on working."""
LONGEST_NAME = 400
CODES = ("roles", "entitlements")
"""Claims whose values may be told without their organisation."""


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client that was just registered; ``secret`` is told this once, and is None for a client that has none."""

    client: Client
    secret: str | None


def found(session: Session, part: Part, application_key: str, client_id: str) -> tuple[Application, Client]:
    """Return an application of the part and a client of it that is in use; raises ``NotFound``."""
    query = select(Application, Client).join(Client, Client.application_id == Application.id)
    query = query.where(Application.key == application_key, Client.client_id == client_id, ~Client.retired)
    row = session.execute(query.where(part.covers(Application.owner_id))).one_or_none()
    if row is None:
        raise NotFound(Problem("There is no such client, or it is outside your part."))
    return row[0], row[1]


def application(session: Session, part: Part, key: str) -> Application:
    """Return an application that belongs to the part; raises ``NotFound``."""
    query = select(Application).where(Application.key == key, part.covers(Application.owner_id))
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound(Problem("There is no such application, or it is outside your part."))
    return row


def add_application(
    session: Session, part: Part, name: str, owner_key: str, actor: Actor, *, entry: str = "role"
) -> Application:
    """Add an application of an organisation of the part, to be followed by its first client; raises ``Invalid``.

    Its key, and the audience of its tokens, are made from its name.
    """
    from_name = naming.key_from(name)
    found_: list[Problem] = []
    if not from_name or len(name) > LONGEST_NAME:
        found_.append(Problem("The application needs a name.", "Write it as people know the service.", field="name"))
    owner_id = _organisation(session, part, owner_key)
    if owner_id is None:
        found_.append(
            Problem("There is no such organisation, or it is outside your part.", "Choose another.", field="owner")
        )
    if found_ or owner_id is None:
        raise Invalid(*found_)
    key = naming.free(session, from_name, Application.key, Application.audience)
    row = Application(
        key=key, owner_id=owner_id, name=dict.fromkeys(("fi", "sv", "en"), name), audience=key, entry=entry
    )
    session.add(row)
    session.flush()
    record(session, "admin:application:added", row, actor, {})
    return row


def register(
    session: Session,
    part: Part,
    application_key: str,
    template: str,
    addresses: Mapping[str, Sequence[str]],
    actor: Actor,
) -> NewClient:
    """Register a client of an application from a template, with the ``addresses`` that the form asks, by the names of
    their settings; raises ``NotFound``, and ``Invalid`` with the field of each problem."""
    owned = application(session, part, application_key)
    if template not in TEMPLATES:
        raise Invalid(Problem("Choose what kind of application this is.", field="template"))
    if owned.retired:
        raise Conflict(Problem("Nobody can sign in to a retired application."))
    kind = TEMPLATES[template]
    has_secret = kind.auth in SECRET_METHODS
    stated = kind.columns(addresses)
    wrong = list(problems(Registration.of({**stated, "metadata": kind.metadata}, has_secret)))
    if wrong:
        raise Invalid(*wrong)
    client_id = naming.free(session, f"{owned.key}-{template}", Client.client_id)
    row = Client(
        client_id=client_id,
        application_id=owned.id,
        sector=owned.key,
        mapper={},
        resources=[],
        jwks=None,
        metadata_=kind.metadata,
        **stated,
    )
    session.add(row)
    session.flush()
    value = secrets.new("client") if has_secret else None
    if value is not None:
        registration.set_secrets(session, {client_id: secrets.hash_of(value)})
    record(session, "admin:client:registered", owned, actor, {"client": client_id, "template": template})
    return NewClient(row, value)


def new_secret(
    session: Session, part: Part, application_key: str, client_id: str, days: int, actor: Actor
) -> NewClient:
    """Give a client another secret; the newest of the old ones works for ``days`` more (0: ends now), any other ends
    now.

    Raises ``NotFound``, and ``Invalid`` for a client that authenticates otherwise, or days that are not 0 to 90.
    """
    owned, client = found(session, part, application_key, client_id)
    if client.auth not in SECRET_METHODS:
        raise Invalid(Problem("This client does not authenticate by a secret."))
    if not 0 <= days <= LONGEST_LIFE:
        raise Invalid(
            Problem("The old secret can work for 0 to 90 days more.", "Write a number of days.", field="days")
        )
    now = clock.now()
    for n, row in enumerate(living_secrets(session, client_id)):
        ends = now + timedelta(days=days if n == 0 else 0)
        row.expires_at = min(row.expires_at or ends, ends)
    value = secrets.new("client")
    session.add(ClientSecret(client_id=client_id, hash=secrets.hash_of(value), created_at=now))
    session.flush()
    record(session, "admin:client:secret-given", owned, actor, {"client": client_id, "days": days})
    return NewClient(client, value)


def living_secrets(session: Session, client_id: str) -> list[ClientSecret]:
    """Return the secrets of a client that are valid now, the newest first."""
    query = select(ClientSecret).where(ClientSecret.client_id == client_id, registration.valid_now())
    return list(session.scalars(query.order_by(ClientSecret.created_at.desc(), ClientSecret.id.desc())))


def retire(session: Session, part: Part, application_key: str, client_id: str, actor: Actor) -> None:
    """Take a client out of use for good: its tokens and secrets end with it, its id is never given again; raises
    ``NotFound``."""
    owned, client = found(session, part, application_key, client_id)
    client.retired = True
    session.flush()
    registration.end_secrets(session, [client_id])
    record(session, "admin:client:retired", owned, actor, {"client": client_id})


def map_claims(
    session: Session,
    part: Part,
    application_key: str,
    client_id: str,
    wanted: Mapping[str, Mapping[str, Any]],
    actor: Actor,
) -> None:
    """Have a client told its claims under other names; ``wanted`` has a rule by claim, empty values where it stays as
    it is.

    Raises ``NotFound``, and ``Invalid`` with the claim as the field. Nothing is written when nothing differs.
    """
    owned, client = found(session, part, application_key, client_id)
    mapper = {claim: rule for claim in MAPPABLE if (rule := _rule(claim, **wanted.get(claim, {})))}
    wrong = [replace(one, field=(one.field or "").removeprefix("mapper.")) for one in mapper_problems(mapper)]
    if wrong:
        raise Invalid(*wrong)
    if mapper == client.mapper:
        return
    client.mapper = mapper
    session.flush()
    record(session, "admin:client:claims-mapped", owned, actor, {"client": client_id, "claims": sorted(mapper)})


def enable(session: Session, part: Part, row: Application, organisation_id: UUID, actor: Actor, *, on: bool) -> bool:
    """Let the people of an organisation of the part use an application, or no longer; return whether that changed
    anything.

    Raises ``NotFound`` for an organisation outside the part. Whether the asker may see the application is the caller's
    to know.
    """
    if not may_touch(session, part, organisation_id):
        raise NotFound(Problem("There is no such organisation, or it is outside your part."))
    here = (ApplicationEnabled.application_id == row.id, ApplicationEnabled.organisation_id == organisation_id)
    if on == (session.scalars(select(ApplicationEnabled).where(*here)).one_or_none() is not None):
        return False
    if on:
        session.add(ApplicationEnabled(application_id=row.id, organisation_id=organisation_id))
        session.flush()
    else:
        session.execute(delete(ApplicationEnabled).where(*here))
    record(
        session, "admin:application:enabled" if on else "admin:application:disabled", row, actor, {}, organisation_id
    )
    _follow(session, row, organisation_id, actor)
    return True


def _follow(session: Session, row: Application, organisation_id: UUID, actor: Actor) -> None:
    """Bring rights in line with who may now hand the application's roles out: rules at or under the organisation."""
    under = select(OrganisationClosure.descendant_id).where(OrganisationClosure.ancestor_id == organisation_id)
    giving = (
        select(Rule.id)
        .join(RuleVersion, RuleVersion.rule_id == Rule.id)
        .join(Role, Role.id == RuleVersion.role_id)
        .where(RuleVersion.state == "published", Role.application_id == row.id, Rule.owner_id.in_(under))
    )
    rules = session.scalars(giving).all()
    if rules:
        derive(session, change.begin(session, "command", actor, f"application {row.key}"), rules=rules)


def _rule(claim: str, name: str = "", format: str = "", nested: bool = False) -> dict[str, Any]:
    rule: dict[str, Any] = {"name": name} if name and name != claim else {}
    rule |= {"nested": True} if nested and rule else {}
    return rule | ({"format": "code"} if format == "code" and claim in CODES else {})


def _organisation(session: Session, part: Part, key: str) -> UUID | None:
    from_key = select(Organisation.id).where(Organisation.key == key, part.covers(Organisation.id))
    return session.scalars(from_key).one_or_none()


def record(
    session: Session,
    type_: str,
    row: Application,
    actor: Actor,
    envelope: Mapping[str, Any],
    organisation_id: UUID | None = None,
) -> None:
    """Write the event of what was done to an application or a client of it, and have every process read its clients
    afresh."""
    made = change.begin(session, "command", actor)
    registration.changed(session)
    about = {"application": row.key, **envelope}
    log.write(session, type_, actor, organisation_id=organisation_id or row.owner_id, change_id=made.id, envelope=about)
