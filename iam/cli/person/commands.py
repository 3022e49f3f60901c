"""``iam person``: the first administrator, letters with codes, usernames, and help for one person at a time
(``person_help``)."""

from __future__ import annotations

import click

from iam.cli.person.help import code, end, reset_factors, restore, sign_out
from iam.cli.person.letters import letters
from iam.cli.person.usernames import usernames
from iam.cli.support import Console
from iam.signin import administrators


@click.group()
def person() -> None:
    """Persons."""


for command in (letters, usernames, code, end, restore, reset_factors, sign_out):
    person.add_command(command)


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
