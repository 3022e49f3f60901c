"""``iam migrate``."""

from __future__ import annotations

import click

from iam.cli.support import Console
from iam.database.migrate import pending, upgrade


@click.command()
@click.pass_obj
def migrate(console: Console) -> None:
    """Bring the database to this version's schema. Safe at any time, from several processes."""
    console.is_demonstrated, console.makes_database = False, True
    needed = pending(console.engine)
    console.engine.dispose()
    upgrade(console.url)
    words = "The database was brought to the newest schema." if needed else "The database was up to date."
    console.show({"migrated": needed}, words)
