"""The tree: two municipalities with a school each, and a wellbeing services county."""

from __future__ import annotations

from typing import NamedTuple

from tests.kit.beginning.desk import Desk
from tests.kit.beginning.installation import CONSORTIUM


class Place(NamedTuple):
    """An organisation to add: what it is called, its key, its kind, and what it lies under."""

    name: str
    key: str
    kind: str
    under: str
    entity: bool = False


TREE = (
    Place("Mansikkala", "mansikkala", "Kunta", CONSORTIUM, entity=True),
    Place("Rantasaari", "rantasaari", "Kunta", CONSORTIUM, entity=True),
    Place("Marjalan hyvinvointialue", "marjala-hva", "Hyvinvointialue", CONSORTIUM, entity=True),
    Place("Koivurinteen koulu", "KOIVU", "Koulu", "Mansikkala"),
    Place("Rantapuiston koulu", "RANTA", "Koulu", "Rantasaari"),
)


def add_organisations(desk: Desk) -> None:
    """Add every organisation of ``TREE`` from the overview's first step on."""
    desk.goto("/admin/")
    desk.follow("Organisaatiot: kunnat, koulut ja yksiköt")
    desk.looked_at("tree-empty")
    for place in TREE:
        add(desk, place)
    desk.goto("/admin/organisations")
    for place in TREE:
        desk.sees(place.name)
    desk.looked_at("tree")


def add(desk: Desk, place: Place) -> None:
    """Add an organisation under another one."""
    desk.goto("/admin/organisations")
    desk.follow(place.under)
    desk.follow("Lisää organisaatio tämän alle")
    desk.fill(Tunnus=place.key, Laji=place.kind, Suomenkielinen_nimi=place.name)
    if place.entity:
        desk.tick("Se on oma oikeushenkilönsä (rekisterinpitäjä)")
    desk.press("Näytä vaikutus")
    desk.sees("Kukaan ei saa eikä menetä mitään.")
    desk.press("Tee se")
    desk.sees("Tallennettu, ja oikeudet seuraavat sitä.")
