"""An agreement between a municipality and a wellbeing services county: made plain, with a clause, signed by both, each
signature accepted by a second person; and notice of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from iam import clock
from tests.kit.beginning.desk import Desk

KEY = "opiskeluhuolto-2026"
AGREEMENT = f"/admin/agreements/{KEY}"
TOWN, COUNTY = "Mansikkala", "Marjalan hyvinvointialue"


def make(desk: Desk) -> None:
    """Make it; it gives nobody anything yet."""
    today = clock.today()
    desk.goto("/admin/agreements")
    desk.looked_at("agreements-none")
    desk.follow("Tee sopimus")
    desk.fill(Asianumero="KAUP-2026-117", Tunnus=KEY, Käyttötarkoitus="opiskeluhuolto", Laki="1287/2013")
    desk.fill(Osapuoli_1=TOWN, Osapuoli_2=COUNTY)
    desk.say("Toimielin, joka päätti", "sivistyslautakunta")
    desk.say("Päätöspäivä", today.isoformat())
    desk.fill(Ensimmäinen_päivä=today.isoformat(), Viimeinen_päivä=(today + timedelta(days=700)).isoformat())
    desk.seen("agreement-new")
    desk.press("Tee sopimus")
    desk.sees("Se ei anna kenellekään mitään ennen kuin osapuolet ovat allekirjoittaneet.")


def allow(desk: Desk, position: str, uses: Sequence[str]) -> None:
    """Make the clause by which a position of the county may see something in the town."""
    desk.goto(AGREEMENT)
    desk.follow("Tee uusi kohta")
    desk.fill(Luvan_antaa=TOWN, Lupa_koskee_henkilöitä_organisaatiossa=COUNTY, Missä=TOWN)
    desk.tick("Myös sen alaisissa")
    desk.fill(Muut_ammattinimikkeet=position)
    for use in uses:
        desk.tick(use.replace(":read", ": katselu"))
    desk.press("Näytä vaikutus")
    desk.seen("agreement-clause")
    desk.press("Tallenna kohta")


def sign(desk: Desk, party: str) -> None:
    """Record a party's signature."""
    desk.goto(AGREEMENT)
    desk.follow("Kirjaa allekirjoitus")
    desk.fill(Osapuoli=party, Allekirjoitettu=clock.today().isoformat(), Allekirjoittaja="sivistysjohtaja")
    desk.fill(Asiakirja="ALLEK-2026-1")
    desk.press("Näytä vaikutus")
    desk.seen(f"agreement-sign-{party.split()[0].lower()}")
    desk.press("Kirjaa allekirjoitus")


def give_notice(desk: Desk, party: str) -> None:
    """Give notice of it for a party, to the end of tomorrow."""
    desk.goto(AGREEMENT)
    desk.follow("Irtisano sopimus")
    desk.fill(Osapuoli=party, Viimeinen_voimassaolopäivä=(clock.today() + timedelta(days=1)).isoformat())
    desk.press("Näytä vaikutus")
    desk.seen("agreement-notice")
    desk.press("Irtisano sopimus")


def accept(desk: Desk) -> None:
    """Accept what waits of it, as the second person of whoever allows it, from the overview on."""
    desk.goto("/admin/")
    desk.page.locator(f'main a[href="{AGREEMENT}/proposal"]').first.click()
    desk.seen("agreement-decide")
    desk.press("Hyväksy")
