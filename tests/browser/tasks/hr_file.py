"""The HR file of the town's copy, as payroll would write it, and its run as personnel starts it."""

from __future__ import annotations

import csv
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.tasks.desk import Desk
from tests.kit.worlds.consortium import Consortium

Rows = list[dict[str, str]]


def alter(town: Consortium, change: Callable[[Rows], Rows]) -> None:
    """Write the file's rows anew, as ``change`` says; each is by column."""
    with town.hr.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    with town.hr.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(rows))


def add(town: Consortium, **cells: str) -> None:
    """Add a row like that of the teacher 1780, but for these cells."""
    alter(town, lambda rows: [*rows, next(row for row in rows if row["henkilonumero"] == "1780") | cells])


def correct(town: Consortium, number: str, **cells: str) -> None:
    """Say these cells of somebody's rows otherwise; ``number`` is the employee's."""
    alter(town, lambda rows: [row | cells if row["henkilonumero"] == number else row for row in rows])


def run(desk: Desk, *, look: bool = False) -> None:
    """Start the source on its page, and stand on the page of its run when that has ended; ``look`` at each page on the
    way, which one test does for all."""
    if look:
        desk.menu("Lähdejärjestelmät")
        desk.tap("Palkkajärjestelmä")
    else:
        desk.page.goto(f"{desk.issuer}/admin/sources/hr")
    desk.page.get_by_role("button", name="Aja nyt").click()
    ended(desk)
    if look:
        desk.sound()


def ended(desk: Desk) -> None:
    """Wait until the run has ended, on its page."""
    desk.page.wait_for_url("**/admin/runs/*")
    expect(desk.page.locator("meta[http-equiv=refresh]")).to_have_count(0)
