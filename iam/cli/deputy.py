"""``iam plan deputy``: who decides while another is away: list, name, end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.asker import Asker
from iam.cli.support import Console
from iam.deciding import deputies
from iam.deciding.waiting import DECIDING
from iam.directory.queries import profiles
from iam.errors import NotFound
from iam.signin.passwords import credentials
from iam.texts import N_

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def deputy() -> None:
    """Who decides while you (--as) are away."""


@deputy.command("list")
@click.pass_obj
def list_(console: Console) -> None:
    """Print your deputies, and whose deputy you are."""
    with console.transaction() as session:
        asker = _asker(console, session)
        rows = deputies.standing(session, asker.person_id) if asker.person_id else []
        names = profiles(session, {one for row in rows for one in (row.person_id, row.for_person_id)})
        data = [
            {
                "id": str(row.id),
                "who": names[row.person_id].display_name,
                "for": names[row.for_person_id].display_name,
                "permission": row.permission,
                "from": row.valid_from.astimezone(ZoneInfo(clock.HELSINKI)).date().isoformat(),
                "until": clock.last_day(row.valid_to).isoformat(),
            }
            for row in rows
        ]
    nobody = console.texts.gettext(N_("Nobody decides for you, and you for nobody."))
    console.show(data, "\n".join("  ".join(one.values()) for one in data) or nobody)


@deputy.command("name")
@click.argument("login")
@click.option("--from", "since", type=_DAY, required=True, help="The first day.")
@click.option("--until", type=_DAY, required=True, help="The last day.")
@click.option("--permission", type=click.Choice(sorted(DECIDING)), help="Without it: all you both hold.")
@click.pass_obj
def name(console: Console, login: str, since: datetime, until: datetime, permission: str | None) -> None:
    """Name LOGIN, who decides for you from one day to another."""
    with console.transaction() as session:
        known = credentials.find(session, login)
        if known is None:
            raise NotFound(Problem("Nobody has the login %(login)s.", params={"login": login}))
        days, actor = (since.date(), until.date()), console.actor(session)
        asker = _asker(console, session)
        told = deputies.name(session, asker, known.person_id, days, actor, permission or "")
    console.show({"login": login, "permissions": told}, f"{login}: {', '.join(told)}")


@deputy.command("end")
@click.argument("deputy_id", metavar="ID", type=click.UUID)
@click.pass_obj
def end(console: Console, deputy_id: UUID) -> None:
    """End a deputy's time now."""
    with console.transaction() as session:
        deputies.end(session, _asker(console, session), deputy_id, console.actor(session))
    console.show({"id": str(deputy_id), "ended": True}, console.texts.gettext(N_("Ended.")))


def _asker(console: Console, session: Session) -> Asker:
    return console.asker(session, console.actor(session))
