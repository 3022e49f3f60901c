"""The consortium that tests of pages and of the provider run in: the application over a database, and the rows that are
in it by name.

``World`` starts it empty; the functions add what every such consortium has, each in a transaction of its own and known
in ``ids``. ``World.filled`` is the way to a consortium that many tests begin with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, make_url, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.role import Application, ApplicationEnabled, Role, RoleClosure, RoleContent, RoleVersion
from iam.app import create_app
from iam.audit.log import AuditEvent
from iam.change import SYSTEM, Change
from iam.directory.organisation import Organisation, OrganisationClosure, OrganisationPlace
from iam.directory.person import PersonProfile
from iam.lifecycle import name_words
from iam.oidc.model import Client, ClientSecret
from iam.settings import Settings
from iam.signin.accounts import session_policy
from iam.signin.factors import levels
from iam.tokens import keys, session as login_sessions
from iam.tokens.secret import hash_of
from iam.web import extension
from tests.kit.factories import kept

ISSUER = "http://localhost:8080"
CHANGE = UUID(int=7)
"""The one change that everything here was written by."""
START = timedelta(days=45)
"""How long ago that was."""
ALWAYS = {"valid_from": clock.LONG_AGO, "valid_to": clock.FOREVER}
_filled: dict[Any, tuple[bytes, kept.Rows, dict[str, UUID]]] = {}
"""Of each consortium that was filled: the vault's key file, the rows, and the ids."""


@dataclass(frozen=True, slots=True)
class World:
    """The application under test, and the ids of what is in it, by name."""

    app: Flask
    engine: Engine
    ids: dict[str, UUID] = field(default_factory=dict)

    @classmethod
    def start(cls, database_url: str, folder: Path, signin: Mapping[str, Any] | None = None, **settings: Any) -> Self:
        """Return an empty consortium at the clock's present, over a migrated database; administrators need no second
        factor."""
        world = cls.over(database_url, folder, signin, **settings)
        world._begin()
        return world

    @classmethod
    def over(cls, database_url: str, folder: Path, signin: Mapping[str, Any] | None = None, **settings: Any) -> Self:
        """Return the application over a database in which nothing is written yet."""
        app = create_app(
            Settings(
                issuer=ISSUER,
                database={"url": database_url},
                vault={"key_file": folder / "vault.key"},
                state_dir=folder,
                signin={"administrators": levels.PASSWORD} | dict(signin or {}),
                **settings,
            )
        )
        return cls(app, extension.engine_of(app), {"change": CHANGE})

    @classmethod
    def filled(cls, fill: Callable[[Self], None], database_url: str, folder: Path, **settings: Any) -> Self:
        """Return what ``start`` and then ``fill``, a function of a module, make in an empty database and folder.

        What they write is kept for whoever asks for the same at the same time: by a clock that is held to the instant,
        else to the hour.
        """
        same, empty = (
            (fill, make_url(database_url).get_backend_name(), _present()),
            not folder.joinpath("vault.key").exists(),
        )
        if same not in _filled or not empty:
            world = cls.start(database_url, folder, **settings)
            fill(world)
            # Where somebody else wrote before, the rows are not those of this consortium alone.
            if empty:
                _filled[same] = folder.joinpath("vault.key").read_bytes(), kept.take(world.engine), dict(world.ids)
            return world
        key, rows, ids = _filled[same]
        folder.joinpath("vault.key").write_bytes(key)
        world = cls.over(database_url, folder, **settings)
        kept.put(world.engine, rows)
        world.ids.update(ids)
        return world

    def _begin(self) -> None:
        # The witness knows no other clock than the machine's, and a key signs only after it was accepted.
        with clock.fixed(datetime.now(UTC)), self.transaction() as session:
            keys.ensure(session, extension.parts_of(self.app).vault, SYSTEM)
        self.write(Change(id=CHANGE, kind="command", purpose="the world", at=clock.now() - START))

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose work is committed at the end of the block."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def write(self, *rows: Any) -> None:
        """Store rows in a transaction of their own, in their order; people are found by the names that the rows
        tell."""
        with self.transaction() as session:
            for _, alike in groupby(rows, type):
                session.add_all(alike)
                session.flush()
            name_words.write(session, [row.person_id for row in rows if isinstance(row, PersonProfile)])

    def sign_in(self, browser: FlaskClient, name: str, acr: str = levels.PASSWORD) -> UUID:
        """Give a browser a fresh login session of a person; return the session's id."""
        with self.transaction() as session:
            given = extension.parts_of(self.app).settings.tokens
            life = session_policy.life(session, self.ids[name], given, clock.now())
            row, value = login_sessions.start(session, self.ids[name], life, acr=acr, amr=["pwd"], agent="test")
        browser.set_cookie("avain", value, domain="localhost")
        return row.id

    def events(self, type_: str) -> list[AuditEvent]:
        """Return the audit events of a type, oldest first."""
        with Session(self.engine) as session:
            return list(session.scalars(select(AuditEvent).where(AuditEvent.type == type_).order_by(AuditEvent.id)))

    def lasting(self, days: int = 300) -> dict[str, Any]:
        """An interval from the start to so many days from now."""
        now = clock.now()
        return {"valid_from": now - START, "valid_to": now + timedelta(days=days), "opened_by": CHANGE}


def _present() -> datetime:
    """The instant that the clock is held to, or the hour that it is."""
    now = clock.now()
    return (
        now.replace(minute=0, second=0, microsecond=0) if abs(now - datetime.now(UTC)) < timedelta(minutes=1) else now
    )


def organisation(world: World, key: str, kind: str, parent: str | None = None, name: str | None = None) -> UUID:
    """Add an organisation that always stands there; a school or unit belongs to its parent's entity, any other is one
    itself."""
    name = name or key.title()
    row = Organisation(key=key, kind=kind, name_fi=f"{name} fi", name_sv=f"{name} sv", name_en=f"{name} en")
    world.write(row)
    world.ids[key] = row.id
    over = world.ids[parent] if parent else None
    entity = over if over and kind in ("school", "unit") else row.id
    with world.transaction() as session:
        c = OrganisationClosure
        above = session.scalars(select(c.ancestor_id).where(c.descendant_id == over)).all() if over else []
    world.write(
        OrganisationPlace(organisation_id=row.id, parent_id=over, legal_entity_id=entity, opened_by=CHANGE, **ALWAYS),
        *(OrganisationClosure(ancestor_id=one, descendant_id=row.id, **ALWAYS) for one in (row.id, *above)),
    )
    return row.id


def application(world: World, key: str, owner: str, *, enabled: bool = True, **changes: Any) -> UUID:
    """Add an application without roles or clients, enabled for its owner's people unless told otherwise."""
    usual: dict[str, Any] = {"name": {"fi": key.title()}, "audience": f"https://{key}.example"}
    row = Application(key=key, owner_id=world.ids[owner], **{**usual, **changes})
    world.write(row)
    if enabled:
        world.write(ApplicationEnabled(application_id=row.id, organisation_id=row.owner_id))
    world.ids[key] = row.id
    return row.id


def role(
    world: World,
    application_key: str,
    code: str,
    *includes: str,
    name: Mapping[str, str] | None = None,
    enforcement: str = "by token",
) -> UUID:
    """Add a role that includes others, known in ``ids`` by its code, and its version by ``v1`` behind it."""
    row = Role(application_id=world.ids[application_key], key=code)
    world.write(row)
    version = RoleVersion(
        role_id=row.id, n=1, name=name or {"fi": code, "en": f"{code} en"}, enforcement=enforcement, change_id=CHANGE
    )
    world.write(
        version,
        *(RoleClosure(role_id=row.id, included_id=one) for one in {row.id, *(world.ids[other] for other in includes)}),
    )
    world.write(RoleContent(role_version_id=version.id, data_group="oppilaat", operation="read"))
    world.ids.update({code: row.id, f"{code} v1": version.id})
    return row.id


def client(world: World, application_key: str, client_id: str, *, secret: str | None = None, **changes: Any) -> None:
    """Add a client of an application, with a secret where one is given."""
    usual: dict[str, Any] = {
        "auth": "client_secret_basic",
        "redirect_uris": [f"https://{client_id}.example/cb"],
        "post_logout_redirect_uris": [],
        "jwks": None,
        "grants": ["authorization_code"],
        "scope": "openid profile roles",
        "sector": client_id,
        "mapper": {},
    }
    world.write(Client(client_id=client_id, application_id=world.ids[application_key], **{**usual, **changes}))
    if secret is not None:
        world.write(ClientSecret(client_id=client_id, hash=hash_of(secret), created_at=clock.now()))
