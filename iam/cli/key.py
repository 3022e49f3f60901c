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
        {"kid": row.kid}, f"{row.kid} is published. Promote it when applications have seen it (a day is enough)."
    )


@key.command()
@click.argument("kid")
@click.pass_obj
def promote(console: Console, kid: str) -> None:
    """Let a key sign, once the independent witness has accepted it; the one before stays published until its tokens are over."""
    with console.transaction() as session:
        actor = _allowed(console, session)
        row = keys.promote(session, console.vault, kid, actor)
    console.show({"kid": row.kid, "algorithm": row.algorithm}, f"{row.kid} signs {row.algorithm} from now on.")


def _allowed(console: Console, session: Session) -> Actor:
    actor = console.actor(session)
    if not console.part(session, actor, "keys.manage").everything:
        raise Denied(Problem("Keys belong to the whole consortium.", "Ask an administrator of all of it."))
    return actor
