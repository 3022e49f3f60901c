"""``iam … stop``: a whole definition out of use at once, for an emergency; a second person is shown it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part, roots
from iam.access.commands import taken_out
from iam.access.model.role import Application
from iam.apply.cli import restore_role
from iam.change import Actor
from iam.cli.support import Console
from iam.errors import NotFound
from iam.oidc.clients import by_page
from iam.oidc.model import Client
from iam.signin.federation import connections
from iam.signin.federation.connection import Connection

Stop = Callable[[Session, Part, str, str, Actor], None]


def command(kind: str, stop: Stop, what: str) -> click.Command:
    """Return the command ``stop KEY --reason …`` of one kind of definition."""
    key = click.Argument(["key"])
    reason = click.Option(["--reason"], required=True, help="Why it must stop now; a second person reads it.")
    return click.Command("stop", callback=partial(_run, kind, stop), params=[key, reason], help=what)


def _run(kind: str, stop: Stop, key: str, reason: str) -> None:
    console = click.get_current_context().find_object(Console)
    assert console is not None
    with console.transaction() as session:
        actor = console.actor(session)
        part = console.part(session, actor, taken_out.PERMISSIONS[kind])
        stop(session, part, key, reason, actor)
    console.show({"kind": kind, "key": key}, f"{key} is out of use. A second person is shown it.")


def _role(session: Session, part: Part, key: str, reason: str, actor: Actor) -> None:
    application, _, short = key.partition(":")
    taken_out.stop_role(session, part, application, short, reason, actor)


def _client(session: Session, part: Part, key: str, reason: str, actor: Actor) -> None:
    query = select(Application).join(Client, Client.application_id == Application.id).where(Client.client_id == key)
    application = session.scalars(query).one_or_none()
    if application is None:
        raise NotFound(Problem("There is no such client, or it is outside your part."))
    by_page.retire(session, part, application.key, key, actor)
    taken_out.note(session, "client", key, application.owner_id, reason, actor)


def _connection(session: Session, part: Part, key: str, reason: str, actor: Actor) -> None:
    owned = Connection.__table__.c.owner_id
    query = select(Connection).where(Connection.key == key, ~Connection.retired, part.covers(owned))
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound(Problem("There is no such connection, or it is outside your part."))
    taken_out.note(session, "connection", key, found.owner_id or min(roots(session)), reason, actor)
    connections.amend(session, [{"id": found.id, "retired": True}], actor)


RULE = command("rule", taken_out.stop_rule, "Take the rule KEY out of use now: it gives nothing any more.")
CLIENT = command("client", _client, "Take the client KEY out of use now: its tokens and secrets end with it.")


@click.group()
def role() -> None:
    """Roles of applications."""


@click.group()
def connection() -> None:
    """Sign-in connections."""


role.add_command(restore_role)
role.add_command(command("role", _role, "Take the role KEY (application:role) out of use now."))
connection.add_command(command("connection", _connection, "Take the sign-in connection KEY out of use now."))
