"""``iam person usernames``: usernames by rule for the people of an organisation who have none."""

from __future__ import annotations

import click

from iam.access.standing import may_be_given
from iam.cli.support import Console
from iam.directory.person import Person
from iam.signin.usernames import give as given


@click.command()
@click.option("--organisation", required=True, metavar="KEY", help="Whose people: it, and what is under it.")
@click.pass_obj
def usernames(console: Console, organisation: str) -> None:
    """Give a username to everybody there who has none and gets one by a rule of usernames.

    Whoever comes with a source's run gets theirs in that run; this is for those who were here before the rule.
    """
    with console.transaction() as session:
        actor = console.actor(session)
        part, asker = console.part(session, actor, "codes.issue"), console.asker(session, actor)
        chosen = console.organisation(session, organisation, part)
        persons = given.people_of(chosen.id).where(may_be_given(asker, "codes.issue", Person.id))
        count = given.by_rule(session, persons, actor)
    console.show({"organisation": organisation, "given": count}, f"{count} people got a username.")
