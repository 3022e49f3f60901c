"""``iam person letters``: printed letters with one-time codes for everybody who has never signed in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from connectors.problem import Problem
from iam.cli.support import Console
from iam.errors import Conflict, Invalid
from iam.signin.codes import letters as waiting, words as code_words
from iam.signin.codes.words import Slip


@click.command()
@click.option("--organisation", required=True, metavar="KEY", help="Whose people: it, and what is under it.")
@click.option(
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the letters; the file must not be there yet. Only you may read it.",
)
@click.pass_obj
def letters(console: Console, organisation: str, output: Path) -> None:
    """Write a letter with a one-time code for everybody who has no password yet; earlier codes stop working.

    The file is HTML with a sheet of paper for each: print it, hand the letters out, and delete it.
    """
    with _new_file(output) as file, console.transaction() as session:
        actor = console.actor(session)
        part, asker = console.part(session, actor, "codes.issue"), console.asker(session, actor)
        chosen = console.organisation(session, organisation, part)
        left_out, nameless = (
            waiting.left_out(session, chosen.id, asker),
            waiting.nameless(session, chosen.id, part),
        )
        slips = waiting.make(session, console.vault, console.settings, chosen.id, actor, asker)
        file.writelines(code_words.letters(slips, console.settings, console.texts))
        # Before the codes count: a letter that was not written would have made an earlier one useless.
        file.flush()
        os.fsync(file.fileno())
    if not slips:
        output.unlink()
    _tell(console, chosen.key, slips, output, left_out, nameless)


def _tell(console: Console, organisation: str, slips: list[Slip], output: Path, left_out: int, nameless: int) -> None:
    if left_out and not console.as_json:
        click.echo(
            f"{left_out} people got none: they are elsewhere too. Their own pages say who else can help.", err=True
        )
    if nameless and not console.as_json:
        click.echo(
            f"{nameless} people got none: they have no username. iam person usernames --organisation "
            f"{organisation} gives them one by"
            " the organisation's rule; the overview lists them.",
            err=True,
        )
    if not slips:
        told = {
            "letters": 0,
            "organisation": organisation,
            "file": None,
            "expires_at": None,
            "left_out": left_out,
            "without_username": nameless,
        }
        return console.show(told, "0 letters: everybody there has a password or another way in, or no username.")
    until = slips[0].issued.expires_at
    console.show(
        {
            "letters": len(slips),
            "organisation": organisation,
            "file": str(output),
            "expires_at": until.isoformat(),
            "left_out": left_out,
            "without_username": nameless,
        },
        f"{len(slips)} letters: {output}  (the codes work until {console.texts.moment(until)})",
    )
    return None


@contextmanager
def _new_file(path: Path) -> Iterator[IO[str]]:
    """Make a file that only its owner may read, and take it away again when the block fails; raises ``Conflict`` when
    it is there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict(
            Problem("%(name)s is there already.", "Name another file.", params={"name": path.name})
        ) from None
    except OSError as error:
        raise Invalid(
            Problem("%(name)s cannot be written: %(why)s.", params={"name": path.name, "why": type(error).__name__})
        ) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
