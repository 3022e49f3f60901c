"""``iam init``."""

from __future__ import annotations

import click

from iam.apply.beginning import Beginning, begin
from iam.cli.support import Console
from iam.signin.codes import first_code


@click.command()
@click.argument("login")
@click.option("--given-names", required=True, metavar="NAMES", help="The given names of LOGIN.")
@click.option("--family-name", required=True, metavar="NAME", help="The family name of LOGIN.")
@click.option("--email", metavar="ADDRESS", help="Where LOGIN gets mail.")
@click.option("--organisation", "key", required=True, metavar="KEY", help="The key of the consortium, for good.")
@click.option("--name", required=True, metavar="NAME", help="What the consortium is called.")
@click.pass_obj
def init(
    console: Console, login: str, given_names: str, family_name: str, email: str | None, key: str, name: str
) -> None:
    """Begin an empty installation: the consortium, and LOGIN as its first administrator.

    The one-time code that is printed lets LOGIN choose a password. Everything after that is done on the pages.
    """
    with console.transaction() as session:
        actor = console.actor(session)
        begin(session, Beginning(key, name, login, given_names, family_name, email), actor, console.vault)
        issued = first_code.issue(session, console.vault, console.settings, login, actor, told={})
    until, where = console.texts.moment(issued.expires_at), f"{console.settings.issuer}/first-code"
    console.show(
        {"organisation": key, "login": login, "code": issued.code, "expires_at": issued.expires_at.isoformat()},
        f"{name} has begun, and {login} is its administrator.\n{issued.code}  (works once, until {until}, at {where})",
    )
