"""``iam demo``: the command that writes a demonstration's feed files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from iam.demo.generate import SEED, TODAY, Summary, generate as write_demonstration
from iam.demo.profiles import PROFILES


@click.group()
def demo() -> None:
    """Invented people and organisations to try Avain with."""


@demo.command()
@click.option(
    "--profile", type=click.Choice(list(PROFILES)), default="small", show_default=True, help="How much of everything."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the files; made when missing.",
)
@click.option("--seed", default=SEED, show_default=True, help="Other text, other people; the people of the table stay.")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    default=TODAY.isoformat(),
    show_default=True,
    help="Dates count from here.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def generate(profile: str, out: Path, seed: str, today: datetime, as_json: bool) -> None:
    """Write hr.csv, oneroster/, directory.ldif and consortium.yaml: the same arguments give the same bytes."""
    try:
        with _bar(shown=not as_json) as advance:
            summary = write_demonstration(profile, out, seed, today.date(), advance)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from error
    click.echo(json.dumps(summary.as_dict(), ensure_ascii=False) if as_json else _in_words(summary, out, today.date()))


@contextmanager
def _bar(shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on standard error when that is a terminal."""
    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield None
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Writing the feeds")
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _in_words(summary: Summary, out: Path, today: date) -> str:
    return (
        f"Wrote the {summary.profile} demonstration of {today:%-d.%-m.%Y} into {out}: {summary.employees} "
        f"employees with "
        f"{summary.employments} employments ({summary.affiliations} places of work), {summary.pupils} pupils "
        f"and students, "
        f"{summary.guardian_links} guardian links, {summary.schools} schools and {summary.organisations} organisations."
    )
