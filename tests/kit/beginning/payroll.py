"""A payroll file with headers of its own becomes a source by the pages; its first run waits for a second person."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from playwright.sync_api import expect

from tests.kit.beginning.desk import Desk
from tests.kit.beginning.installation import CONSORTIUM, ROOT, Installation

KEY = "palkat"
PATH = f"/admin/sources/{KEY}"
HEADER = "Hlönro", "Sukunimi", "Etunimet", "Psuhdenro", "Palvsuhdelaji", "Nimikekoodi", "Nimike", "Toimipiste"
DAYS = "Alkupvm", "Loppupvm"
TEACHER, LEAVER, PSYCHOLOGIST = "aino.esimerkki", "eero.malli", "pirkko.psykologi"
ROWS = (
    ("1001", "Esimerkki", "Aino", "P1", "V", "luokanopettaja", "Luokanopettaja", "KOIVU", "1.8.2024", ""),
    ("1002", "Malli", "Eero", "P2", "V", "luokanopettaja", "Luokanopettaja", "KOIVU", "1.8.2025", ""),
    ("1003", "Sijainen", "Sini", "P3", "S", "luokanopettaja", "Sijaisopettaja", "RANTA", "1.8.2026", "31.12.2027"),
    ("1005", "Psykologi", "Pirkko", "P5", "V", "psykologi", "Koulupsykologi", "marjala-hva", "1.1.2024", ""),
)
MEANINGS: Mapping[str, str] = {
    "Henkilönumero": "Hlönro",
    "Sukunimi": "Sukunimi",
    "Etunimet": "Etunimet",
    "Suhteen laatu": "Palvsuhdelaji",
    "Ammattinimike": "Nimike",
    "Ensimmäinen päivä": "Alkupvm",
    "Viimeinen päivä": "Loppupvm",
    "Rivin numero: jokaisella palvelussuhteella oma": "Psuhdenro",
}


def file_of(installation: Installation) -> Path:
    """Where the payroll puts its file."""
    return installation.feeds / ROOT / "palkat.csv"


def write(installation: Installation, **last: date) -> None:
    """Write the file; ``last`` are last days by number of employment."""
    file = file_of(installation)
    file.parent.mkdir(exist_ok=True)
    with file.open("w", encoding="iso-8859-1", newline="") as opened:
        lines = csv.writer(opened, delimiter=";", lineterminator="\n")
        lines.writerow([*HEADER, *DAYS])
        for row in ROWS:
            end = last.get(row[3])
            lines.writerow([*row[:-1], f"{end.day}.{end.month}.{end.year}"] if end else row)


def give_usernames(desk: Desk) -> None:
    """Let employees and substitutes of the consortium get usernames of their names."""
    desk.goto("/admin/organisations")
    desk.follow(CONSORTIUM)
    for kind in ("employee", "substitute"):
        desk.page.select_option(f"#usernames_{kind}", "given.family")
    desk.page.locator('main form[action$="/usernames"] button[type=submit]').first.click()
    expect(desk.page.locator("#usernames_employee")).to_have_value("given.family")


def make_source(desk: Desk, installation: Installation) -> None:
    """Make the source by the steps of its pages, and run it; the run waits."""
    write(installation)
    desk.goto("/admin/")
    desk.follow("Lähdejärjestelmä: kertoo, kuka työskentelee ja opiskelee missäkin")
    desk.looked_at("source-none")
    desk.follow("Uusi lähdejärjestelmä")
    desk.page.locator('main a[href="/admin/new-source/hr"]').click()
    desk.fill(Tunnus=KEY, Omistaja=CONSORTIUM, Käyttötarkoitus="Henkilöstö")
    desk.say("Tiedosto tai kansio", str(file_of(installation)))
    desk.press("Tee lähde keskeytettynä")
    desk.follow("Kerro, mitä sarakkeet tarkoittavat")
    _say_what_columns_mean(desk)
    desk.press("Kokeile yhteyttä")
    desk.sees("Lähde vastaa.")
    desk.press("Ota käyttöön")
    desk.sees("Lähde on käytössä.")
    run(desk)
    desk.sees("Odottaa hyväksyntää")
    desk.seen("source-first-run")


def _say_what_columns_mean(desk: Desk) -> None:
    for meaning, column in MEANINGS.items():
        assert desk.field(meaning).input_value() == column, meaning
    desk.seen("source-columns")
    desk.press("Tallenna sarakkeiden merkitykset")
    desk.page.select_option("#value-1", label="Sijainen")
    desk.page.select_option("#value-2", label="Työntekijä")
    desk.press("Tallenna arvojen merkitykset")
    desk.sees("Arvojen merkitykset on tallennettu.")


def run(desk: Desk) -> None:
    """Run the source now, to its end."""
    desk.goto(PATH)
    desk.press("Aja nyt")
    desk.page.wait_for_url("**/admin/runs/*")
    expect(desk.page.locator("meta[http-equiv=refresh]")).to_have_count(0)


def accept(desk: Desk) -> None:
    """Accept the run that waits, as its second person, from the overview on."""
    desk.goto("/admin/")
    desk.seen("overview-held")
    desk.page.locator('main a[href^="/admin/runs/"]').first.click()
    desk.press("Hyväksy muutokset")
    desk.sees("Valmis")
