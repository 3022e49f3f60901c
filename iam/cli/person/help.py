"""``iam person code|end|restore|reset-factors|sign-out``: what the pages do, for the night when no administrator can
sign in.

Without ``--as`` the operator of the server does it and may do it to everybody; with it, what the person there may do on
the pages alone.
"""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import may_see
from iam.access.standing import OUTRANKED, over
from iam.change import Actor
from iam.cli.support import Console
from iam.errors import Denied, Invalid, NotFound
from iam.signin import access_end, last_administrator, step_up
from iam.signin.accounts import ending, reset_standing as standing
from iam.signin.codes import first_code
from iam.signin.passwords import credentials
from iam.signin.passwords.credentials import Known

_why = click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept in the log.")


@click.command()
@click.argument("login")
@click.option("--reason", default="", metavar="TEXT", help="Why; it is kept in the log.")
@click.pass_obj
def code(console: Console, login: str, reason: str) -> None:
    """Make a one-time code with which LOGIN chooses a new password."""
    with console.transaction() as session:
        actor = console.actor(session)
        known = _known(console, session, actor, login, "codes.issue")
        allowed = standing.use(session, console.asker(session, actor), standing.CODE, known.person_id)
        told = allowed.told | ({"reason": reason.strip()} if reason.strip() else {})
        issued = first_code.issue(session, console.vault, console.settings, login, actor, told=told)
    until = console.texts.moment(issued.expires_at)
    console.show(
        {"code": issued.code, "expires_at": issued.expires_at.isoformat()},
        f"{issued.code}  (works once, until {until})",
    )


@click.command()
@click.argument("login")
@_why
@click.pass_obj
def end(console: Console, login: str, reason: str) -> None:
    """End LOGIN's access at once."""
    with console.transaction() as session:
        actor = console.actor(session)
        known = _known(console, session, actor, login, "access.end")
        whole = access_end.end(session, console.asker(session, actor), known.person_id, reason, actor)
    words = "Every sign-in and all access ended." if whole else "The access ended as far as your part goes."
    console.show({"login": known.login, "whole": whole}, words)


@click.command()
@click.argument("login")
@_why
@click.pass_obj
def restore(console: Console, login: str, reason: str) -> None:
    """Give LOGIN back the access that was ended at once."""
    with console.transaction() as session:
        actor = console.actor(session)
        _needs(reason)
        known = _known(console, session, actor, login, "access.end")
        access_end.restore(session, console.asker(session, actor), known.person_id, reason, actor)
    console.show({"login": known.login}, "The access was given back, as far as facts and rules give it.")


@click.command("reset-factors")
@click.argument("login")
@_why
@click.pass_obj
def reset_factors(console: Console, login: str, reason: str) -> None:
    """Remove every second factor of LOGIN, who has lost them, and end their sign-ins."""
    with console.transaction() as session:
        actor = console.actor(session)
        _needs(reason)
        known = _known(console, session, actor, login, "factors.reset")
        allowed = standing.use(session, console.asker(session, actor), standing.FACTORS, known.person_id)
        with last_administrator.kept(session):
            removed = step_up.reset(session, known.person_id, actor, allowed.told | {"reason": reason.strip()})
        sessions = ending.end(session, actor, "second factors reset", known.person_id)
    words = "The second factors were removed and all sign-ins ended." if removed else "There was no second factor."
    console.show({"login": known.login, "removed": removed, "sessions": sessions}, words)


@click.command("sign-out")
@click.argument("login", required=False)
@click.option("--organisation", metavar="KEY", help="Everybody of it, and of what is under it, instead of LOGIN.")
@click.option("--reason", default="", metavar="TEXT", help="Why; it is kept in the log. Needed for one LOGIN.")
@click.pass_obj
def sign_out(console: Console, login: str | None, organisation: str | None, reason: str) -> None:
    """End every sign-in of LOGIN, or of an organisation's people, and what applications hold of it: after a theft, for
    example."""
    if (login is None) == (organisation is None):
        raise click.UsageError("Name either LOGIN or --organisation.")
    with console.transaction() as session:
        actor = console.actor(session)
        part = console.part(session, actor, "sessions.end")
        told: dict[str, Any]
        if login is not None:
            _needs(reason)
            known = _known(console, session, actor, login, "sessions.end")
            if not over(session, part, known.person_id).grants:
                raise Denied(OUTRANKED)
            told = {"login": known.login, "sessions": ending.end(session, actor, reason.strip(), known.person_id)}
        else:
            chosen = console.organisation(session, str(organisation), part)
            told = {"organisation": chosen.key, "sessions": ending.end_of(session, actor, chosen.id, part)}
    console.show(told, f"{told['sessions']} sign-ins ended.")


def _known(console: Console, session: Session, actor: Actor, login: str, permission: str) -> Known:
    """Return whose login it is; raises ``NotFound`` when nobody's in the actor's part, ``Denied`` when there is no
    part."""
    part, known = console.part(session, actor, permission), credentials.find(session, login)
    if known is None or not may_see(session, part, known.person_id):
        raise NotFound(
            Problem("Nobody has the login %(login)s, or they are outside your part.", params={"login": login})
        )
    return known


def _needs(reason: str) -> None:
    if not reason.strip():
        raise Invalid(Problem("A reason is needed.", "Write why this is needed.", field="reason"))
