"""Administrators: added by hand with a username, appointed with a part and an end, signed in by a one-time code."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from iam import clock
from tests.kit.beginning.desk import Desk
from tests.kit.beginning.installation import CONSORTIUM, FIRST


class Administrator(NamedTuple):
    """Somebody to add and to appoint: by name, where they work, as what, and over which part."""

    given: str
    family: str
    login: str
    works: str
    role: str
    part: str
    password: str


SECOND = Administrator(
    "Veera",
    "Varahenkilö",
    "veera.varahenkilo",
    CONSORTIUM,
    "Yhteenliittymän pääkäyttäjä",
    CONSORTIUM,
    "toinen katse riittää 1010",
)
SECRETARY = Administrator(
    "Sanna", "Sihteeri", "sanna.sihteeri", "Koivurinteen koulu", "Sihteeri", "KOIVU", "sininen syksy saapuu 1007"
)


def add_by_hand(desk: Desk, who: Administrator) -> None:
    """Add somebody whom no source brings."""
    desk.goto("/admin/persons")
    desk.follow("Lisää henkilö")
    desk.fill(Etunimet=who.given, Sukunimi=who.family, Syntymäaika="1980-02-03", Käyttäjätunnus=who.login)
    desk.fill(Organisaatio=who.works, Laji="Työntekijä", Kuka_vastaa_henkilöstä=FIRST, Syy="Pääkäyttäjäksi")
    desk.press("Näytä, mitä siitä seuraa")
    desk.seen(f"person-{who.login}")
    desk.press("Lisää henkilö")
    desk.sees(f"Käyttäjätunnus on {who.login}.")


def appoint(desk: Desk, who: Administrator) -> None:
    """Appoint somebody over a part until a day half a year from now."""
    desk.goto("/admin/administrators")
    desk.follow("Nimeä pääkäyttäjä")
    desk.fill(Nimi_tai_numero=who.family)
    desk.press("Hae")
    desk.page.locator("#found a").first.click()
    desk.fill(Rooli=who.role, Vastuualue=who.part)
    desk.fill(Viimeinen_päivä=(clock.today() + timedelta(days=180)).isoformat())
    desk.press("Näytä vaikutus")
    desk.seen(f"appoint-{who.login}")
    desk.press("Nimeä")


def code_for(desk: Desk, family: str) -> str:
    """Give somebody of the part a one-time code on their page."""
    desk.goto(f"/admin/persons?q={family}")
    desk.page.locator("main table th[scope=row] a").first.click()
    desk.goto(f"{desk.page.url.removeprefix(desk.issuer).partition('?')[0]}?tab=signin")
    desk.press("Anna kertakoodi")
    desk.looked_at("code")
    return desk.code()
