"""What ``iam demo run`` tells once it serves: whom to try, with what, and where; whole on a terminal of 80 columns, or
fewer."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from iam.demo.people import TRY, Try
from iam.demo.relying.texts import NAME
from iam.web.joined import How, Joined

_INDENT = "    "
_WIDEST = 100


_STANDS = {
    How.FILE: "{0}: files in the demonstration's folder.",
    How.RUNS: "{0}: answers on this machine, in a process of its own; run it on its page when you like.",
    How.MISSING: "{0}: no directory, as slapd is not installed (Debian: apt-get install slapd).",
    How.FAILED: "{0}: did not start; {0} is left out.",
}


def tell(issuer: str, relying: str, feed: Path, systems: Sequence[Joined] = ()) -> None:
    """Print whom to try, what to do and what the sources are; ``feed`` is the HR file."""
    for line in lines(issuer, relying, feed, min(_WIDEST, shutil.get_terminal_size().columns), systems):
        click.echo(line)


def lines(issuer: str, relying: str, feed: Path, width: int, systems: Sequence[Joined] = ()) -> Iterator[str]:
    """Yield what is told in lines of at most ``width``; a login, a password or an address stands whole whatever the
    width."""
    yield "People to try, each with the password:"
    for person in TRY:
        yield from _person(person, width)
    yield ""
    yield "Three things to do:"
    for n, what in enumerate(_things(issuer, relying, feed), 1):
        yield from _wrapped(what, width, f" {n}. ")
    yield from _wrapped(
        "The administrators of this demonstration sign in with a password alone; elsewhere a passkey is asked of them.",
        width,
        rest="",
    )
    if systems:
        yield ""
        yield "Where facts come from:"
        for one in systems:
            yield from _wrapped(_STANDS[one.how].format(one.source), width, "  ")
        yield ""
    yield f"Avain: {issuer}"
    yield f"{NAME}: {relying}"
    yield "Ctrl-C stops all of it."


def _person(person: Try, width: int) -> Iterator[str]:
    yield f"  {person.login}  {person.password}"
    yield from _wrapped(f"{person.who}. {person.look}", width, _INDENT, _INDENT)


def _things(issuer: str, relying: str, feed: Path) -> tuple[str, ...]:
    return (
        f"Open {relying} ({NAME}), sign in as aino.esimerkki, choose a school, and see that school's roles only.",
        f"Open {issuer}/admin/ as paula.paakayttaja: find Aino and open Miksi? beside a right.",
        f"Give Aino's rows in {feed} an end that has passed, run the source hr (Palkkajärjestelmä) on its page, and "
        "look at both again.",
    )


def _wrapped(text: str, width: int, first: str = "", rest: str = _INDENT) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
