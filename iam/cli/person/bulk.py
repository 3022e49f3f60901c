"""``iam bulk``: one act for many people, named in a file, by the same commands as on pages."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TextIO

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part
from iam.bulk import chosen, plan
from iam.bulk.acts import groups, registry
from iam.bulk.acts.act import BulkAsker
from iam.bulk.chosen import BulkChoice, ChosenPeople
from iam.bulk.plan import BulkPreview
from iam.cli.support import Console
from iam.errors import Held, Invalid
from iam.texts import N_

ON_PAGES = ("print-codes", "export")
"""What comes as a file in the answer of a page; ``iam person letters`` writes letters here."""
_ACTS = [key for key, one in registry.ACTS.items() if one.people and key not in ON_PAGES]
_COUNTS = N_("Done for %(people)s people, left out %(left_out)s; %(gain)s gain a right, %(lose)s lose one.")


@click.command()
@click.argument("act", type=click.Choice(_ACTS))
@click.option(
    "--people",
    required=True,
    type=click.File(encoding="utf-8"),
    help="Usernames, employee numbers or learner numbers, one on a line; - reads them from standard input.",
)
@click.option("--set", "said", multiple=True, metavar="FIELD=VALUE", help="What the act asks; organisations by key.")
@click.option("--dry-run", is_flag=True, help="Show for whom it would be done and what follows; change nothing.")
@click.pass_obj
def bulk(console: Console, act: str, people: TextIO, said: Sequence[str], *, dry_run: bool) -> None:
    """Do ACT for many people at once, or show what it would do. What gives or takes much waits: exit code 3."""
    with console.transaction() as session:
        actor = console.actor(session)
        who = BulkAsker(console.asker(session, actor), actor, console.vault, console.settings.zone, console.settings)
        part = console.part(session, actor, registry.ACTS[act].permission)
        read = console.part(session, actor, "persons.read")
        doing = registry.read(session, who, act, _fields(console, session, part, said))
        archive_after = timedelta(days=console.settings.lifecycle.archive_days)
        found = chosen.resolve(session, BulkChoice(paste=people.read()), read, part, archive_after)
        shown = plan.preview(session, doing, found.ids, who, read)
        digest = shown.preview.effects.digest
        waits = None if dry_run else plan.do(session, doing, found.ids, who, lambda one: one == digest).waits
    data = _told(console, found, shown) | {"done": not dry_run and waits is None}
    words = [console.texts.gettext(_COUNTS) % data, *(f"  {line}" for line in _lines(data))]
    if waits is not None:
        words.append(console.texts.gettext(N_("Nothing was done yet: it waits for a second person.")))
    console.show(data, "\n".join(words))
    if waits is not None:
        sys.exit(Held.exit_code)


def _fields(console: Console, session: Session, part: Part, said: Sequence[str]) -> dict[str, str]:
    """Return the fields as the act reads them: organisations and groups by their ids."""
    found = {}
    for one in said:
        name, separator, value = one.partition("=")
        if not separator:
            raise Invalid(Problem(N_("Write --set FIELD=VALUE."), field="set"))
        if name in ("scope", "organisation") and value:
            value = str(console.organisation(session, value, part).id)
        if name == "group":
            listed = groups.local(part).subquery()
            query = select(listed.c[0]).where(listed.c[1] == value)
            value = str(session.scalar(query) or "")
        found[name] = value
    return found


def _told(console: Console, found: ChosenPeople, shown: BulkPreview) -> dict[str, Any]:
    effects, left = shown.preview.effects, dict[str, int]()
    for problem in shown.people.left.values():
        why = console.texts.sentence(problem)
        left[why] = left.get(why, 0) + 1
    return {
        "people": len(shown.people.done),
        "left_out": len(shown.people.left),
        "gain": len(effects.persons(gains=True)),
        "lose": len(effects.persons(gains=False)),
        "digest": effects.digest,
        "why": left,
        "not_found": found.found.missing,
        "several": found.found.several,
    }


def _lines(data: dict[str, Any]) -> list[str]:
    return [
        *(f"{count}: {why}" for why, count in data["why"].items()),
        *(f"? {one}" for one in (*data["not_found"], *data["several"])),
    ]
