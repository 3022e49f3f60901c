"""``iam plan``: what waits for a second person, whatever it is: list, show, approve, refuse."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from sqlalchemy.orm import Session

from iam import clock
from iam.apply.cli import in_words
from iam.apply.run import look_at_waiting
from iam.cli.deputy import deputy
from iam.cli.source import carry_out
from iam.cli.support import Console
from iam.database.engine import make_sessions
from iam.deciding import decide
from iam.deciding.decide import Decider
from iam.deciding.telling import is_due
from iam.deciding.waiting import DECLARED, SOURCE, Waiting, named, waiting
from iam.directory.queries import profiles
from iam.errors import Held
from iam.sources import listing, undo as undoing
from iam.texts import N_

_COUNTS = N_("%(gain)s gain, %(lose)s lose")


@click.group()
def plan() -> None:
    """What waits for a second person: source runs, rules, agreements, declarations."""


plan.add_command(deputy)


@plan.command("list")
@click.pass_obj
def list_(console: Console) -> None:
    """Print what waits in the part of who asks, the oldest first."""
    with console.transaction() as session:
        found = waiting(session, console.asker(session, console.actor(session)))
        data = _data(console, session, found)
    console.show(
        data, "\n".join(_line(console, one) for one in data) or console.texts.gettext(N_("Nothing waits for you."))
    )


@plan.command()
@click.argument("name")
@click.pass_obj
def show(console: Console, name: str) -> None:
    """Print why NAME waits and what it does."""
    with console.transaction() as session:
        actor = console.actor(session)
        found = named(session, console.asker(session, actor), name)
        (data,) = _data(console, session, [found])
        lines = [_line(console, data), *(f"  {reason}" for reason in data["reasons"])]
        if found.proposal is not None and found.kind == DECLARED:
            part = console.asker(session, actor).part("persons.read")
            report, would = look_at_waiting(session, found.proposal, actor, console.vault, part)
            data |= {"declaration": report.as_dict(), "digest_now": would and would.effects.digest}
            lines += [in_words(report, dry_run=True), *(console.texts.sentence(one) for one in report.problems)]
    console.show(data, "\n".join(lines))


@plan.command()
@click.argument("name")
@click.option("--seen", metavar="DIGEST", help="The digest of the effects that you saw, where they are others by now.")
@click.pass_obj
def approve(console: Console, name: str, seen: str | None) -> None:
    """Approve NAME as a second person (--as): it is applied at once. Exit code 4: its effects are others by now."""
    with console.transaction() as session:
        found, who = _asked(console, session, name)
        if found.kind != SOURCE:
            decide.approve(session, found, who, seen)
    if found.kind == SOURCE:
        # A run commits by itself, in transactions of its own.
        sessions = make_sessions(console.engine)
        sys.exit(carry_out(console, found.key, lambda advance: decide.accept_run(sessions, found, who, advance)))
    console.show({"name": name, "approved": True}, N_("Approved, and applied."))


@plan.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why.")
@click.pass_obj
def refuse(console: Console, name: str, reason: str) -> None:
    """Refuse NAME, or take it back when you proposed it: nothing of it is applied."""
    with console.transaction() as session:
        found, who = _asked(console, session, name)
        decide.refuse(session, found, who, reason)
    console.show({"name": name, "refused": True}, N_("Refused. Nothing of it is applied."))


@plan.command()
@click.argument("key")
@click.option("--run", "run_id", type=click.UUID, help="Which run; without it the last that wrote something.")
@click.option("--dry-run", is_flag=True, help="Show what people would gain and lose; change nothing.")
@click.pass_obj
def undo(console: Console, key: str, run_id: UUID | None, *, dry_run: bool) -> None:
    """Undo what a run of the source KEY wrote. What takes or gives much waits for a second person: exit code 3."""
    with console.transaction() as session:
        actor = console.actor(session)
        part = console.part(session, actor, "sources.accept")
        source = listing.source_of(session, part, key)[0]
        run = undoing.last_written(session, source) if run_id is None else listing.run_of(session, part, run_id)[0]
        if dry_run:
            effects = undoing.preview(session, source, run).effects
            counts = {word: len(effects.persons(gains=gains)) for word, gains in (("gain", True), ("lose", False))}
            console.show({"run": str(run.id), **counts}, console.texts.gettext(_COUNTS) % counts)
            return
        reasons = undoing.undo(session, source, run, actor)
    told = [console.texts.sentence(reason) for reason in reasons]
    words = [N_("Nothing was done yet: it waits for a second person."), *told] if told else [N_("Undone.")]
    console.show({"run": str(run.id), "undone": not told, "reasons": told}, "\n".join(words))
    if told:
        sys.exit(Held.exit_code)


def _asked(console: Console, session: Session, name: str) -> tuple[Waiting, Decider]:
    actor = console.actor(session)
    asker = console.asker(session, actor)
    return named(session, asker, name), Decider(
        asker, actor, console.vault, console.settings.consortium, console.settings.zone
    )


def _data(console: Console, session: Session, found: Sequence[Waiting]) -> list[dict[str, Any]]:
    names = profiles(session, [one.proposed_by for one in found if one.proposed_by])
    now, days = clock.now().astimezone(ZoneInfo(console.settings.zone)), console.settings.plans.due_days
    return [
        {
            "name": one.name,
            "kind": one.kind,
            "at": one.at.isoformat(),
            "proposed_by": names[one.proposed_by].display_name if one.proposed_by in names else "",
            "is_due": is_due(one.at, days, now),
            "gain": one.gain,
            "lose": one.lose,
            "digest": one.digest,
            "reasons": [console.texts.sentence(reason) for reason in one.reasons],
        }
        for one in found
    ]


def _line(console: Console, one: Mapping[str, Any]) -> str:
    told, at = console.texts.gettext(_COUNTS) % one, console.texts.moment(datetime.fromisoformat(one["at"]))
    due = console.texts.gettext(N_("Due")) if one["is_due"] else ""
    return "  ".join(part for part in (one["name"], at, due, told, one["proposed_by"]) if part)
