"""``iam client``: letting applications register clients by themselves."""

from __future__ import annotations

import click
from sqlalchemy import select

from connectors.problem import Problem
from iam.access.model.role import Application
from iam.cli import stop
from iam.cli.support import Console
from iam.errors import NotFound
from iam.oidc.clients import initial_tokens as registration_terms


@click.group()
def client() -> None:
    """Clients of applications."""


client.add_command(stop.CLIENT)


@client.command()
@click.option("--application", "key", metavar="KEY", required=True, help="The application whose clients they will be.")
@click.option(
    "--pkce-optional",
    is_flag=True,
    help="Let a client that proves itself do without PKCE, and assert itself to the token endpoint's address.",
)
@click.option("--uses", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many clients.")
@click.option("--days", type=click.IntRange(1, 365), default=7, show_default=True, help="How long it can be used.")
@click.pass_obj
def token(console: Console, key: str, uses: int, days: int, *, pkce_optional: bool) -> None:
    """Make an initial access token, with which clients of an application register themselves. It is shown this once."""
    with console.transaction() as session:
        actor = console.actor(session)
        part = console.part(session, actor, "config.apply")
        query = select(Application).where(
            Application.key == key, ~Application.retired, part.covers(Application.owner_id)
        )
        application = session.scalar(query)
        if application is None:
            raise NotFound(Problem("There is no application %(key)s, or it is outside your part.", params={"key": key}))
        value = registration_terms.allow(session, application, actor, uses=uses, days=days, pkce_optional=pkce_optional)
    data = {"initial_access_token": value, "registration_endpoint": f"{console.settings.issuer}/oauth2/register"}
    console.show(data | {"uses": uses, "days": days}, value)
