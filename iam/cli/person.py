"""``iam person``: the first administrator, and one-time codes, one by one or as letters, and ending sign-ins."""

from __future__ import annotations

import click

from connectors.problem import Problem
from iam.access.administration import may_see
from iam.cli.person_letters import letters
from iam.cli.support import Console
from iam.errors import NotFound
from iam.signin import administrators, credentials, ending, first_code


@click.group()
def person() -> None:
    """Persons."""


person.add_command(letters)


@person.command("make-admin")
@click.argument("login")
@click.option("--organisation", metavar="KEY", help="The part of the tree; without it, the whole consortium.")
@click.pass_obj
def make_admin(console: Console, login: str, organisation: str | None) -> None:
    """Make LOGIN an administrator of an organisation and what is under it."""
    with console.transaction() as session:
        actor = console.actor(session)
        part = console.part(session, actor, "admin")
        over = administrators.make(session, login, organisation, part, actor)
        name = over.name(console.texts.language)
    console.show({"login": login, "organisation": over.key}, f"{login} is an administrator of {name}.")


@person.command()
@click.argument("login")
@click.pass_obj
def code(console: Console, login: str) -> None:
    """Make a one-time code with which LOGIN chooses a new password."""
    with console.transaction() as session:
        actor = console.actor(session)
        part = console.part(session, actor, "codes.issue")
        known = credentials.find(session, login)
        if known is None or not may_see(session, part, known.person_id):
            raise NotFound(
                Problem("Nobody has the login %(login)s, or they are outside your part.", params={"login": login})
            )
        issued = first_code.issue(session, console.vault, console.settings, login, actor)
    until = console.texts.moment(issued.expires_at)
    console.show(
        {"code": issued.code, "expires_at": issued.expires_at.isoformat()},
        f"{issued.code}  (works once, until {until})",
    )


@person.command("sign-out")
@click.option("--organisation", required=True, metavar="KEY", help="Whose people: it, and what is under it.")
@click.pass_obj
def sign_out(console: Console, organisation: str) -> None:
    """End every sign-in of an organisation's people, and what applications hold of it: after a theft of passwords, for example."""
    with console.transaction() as session:
        actor = console.actor(session)
        chosen = console.organisation(session, organisation, console.part(session, actor, "sessions.end"))
        ended = ending.end_of(session, actor, chosen.id)
    console.show({"organisation": organisation, "sessions": ended}, f"{ended} sign-ins ended.")
