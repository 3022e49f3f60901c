"""``iam key``: signing keys."""

from __future__ import annotations

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.change import Actor
from iam.cli.support import Console
from iam.errors import Denied
from iam.tokens import keys
from iam.tokens.jose import ALGORITHMS
from iam.tokens.keys import SigningKey


@click.group()
def key() -> None:
    """Signing keys: next, current, previous."""


@key.command("list")
@click.pass_obj
def list_(console: Console) -> None:
    """List the signing keys, oldest first."""
    with console.transaction() as session:
        _allowed(console, session)
        rows = list(session.scalars(select(SigningKey).order_by(SigningKey.created_at)))
    data = [
        {"kid": row.kid, "algorithm": row.algorithm, "state": row.state, "created_at": row.created_at} for row in rows
    ]
    moment = console.texts.moment
    console.show(
        data, "\n".join(f"{row.kid}  {row.algorithm}  {row.state:<8}  {moment(row.created_at)}" for row in rows)
    )


@key.command()
@click.argument("algorithm", type=click.Choice(ALGORITHMS))
@click.pass_obj
def create(console: Console, algorithm: str) -> None:
    """Make a key: published at once, signing only after iam key promote."""
    with console.transaction() as session:
        actor = _allowed(console, session)
        row = keys.create(session, console.vault, algorithm, actor)
    console.show(
        {"kid": row.kid},
        f"{row.kid} is published. Promote it when applications have seen it, in two hours at the earliest.",
    )


@key.command()
@click.argument("kid")
@click.option("--at-once", is_flag=True, help="Do not wait two hours: the present key is no longer safe.")
@click.pass_obj
def promote(console: Console, kid: str, at_once: bool) -> None:
    """Let a key sign, once the independent witness has accepted it; the one before stays published until its tokens are
    over."""
    with console.transaction() as session:
        actor = _allowed(console, session)
        row = keys.promote(session, console.vault, kid, actor, at_once=at_once)
    console.show({"kid": row.kid, "algorithm": row.algorithm}, f"{row.kid} signs {row.algorithm} from now on.")


@key.command()
@click.pass_obj
def rotate(console: Console) -> None:
    """Do what is due: make the next keys, promote those whose time has come, forget those whose tokens are over. Call
    it daily."""
    with console.transaction() as session:
        actor = _allowed(console, session)
        done = keys.rotate(session, console.vault, actor)
    data = [{"kid": kid, "state": state} for kid, state in done]
    console.show(data, "\n".join(f"{kid}  {state}" for kid, state in done) or "Nothing is due.")


@key.command()
@click.argument("kid")
@click.option("--compromised", is_flag=True, help="Forget it although tokens it signed may still live: they end now.")
@click.pass_obj
def remove(console: Console, kid: str, compromised: bool) -> None:
    """Forget a key that signs no more. The key that signs cannot be removed."""
    with console.transaction() as session:
        actor = _allowed(console, session)
        keys.remove(session, kid, actor, compromised=compromised)
    console.show({"kid": kid, "state": "removed"}, f"{kid} is forgotten.")


def _allowed(console: Console, session: Session) -> Actor:
    actor = console.actor(session)
    if not console.part(session, actor, "keys.manage").everything:
        raise Denied(Problem("Keys belong to the whole consortium.", "Ask an administrator of all of it."))
    return actor
