"""``iam doctor``."""

from __future__ import annotations

import sys

import click

from iam import doctor as examination
from iam.cli.support import Console


@click.command()
@click.pass_obj
def doctor(console: Console) -> None:
    """Look whether everything is as it must be for production; exit code 1 when something is not."""
    findings = examination.examine(console.settings, console.engine)
    data = [{"check": found.check, "ok": found.ok, "words": found.words} for found in findings]
    console.show(data, "\n".join(f"{'ok ' if found.ok else 'NOT'}  {found.check}: {found.words}" for found in findings))
    if not all(found.ok for found in findings):
        sys.exit(1)
