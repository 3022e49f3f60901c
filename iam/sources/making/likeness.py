"""Which column most likely means a thing, by its name alone: the names that Finnish payrolls and school systems use."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

_ENOUGH = 0.78
"""Names less alike than this suggest nothing."""
_NAMES: Mapping[str, tuple[str, ...]] = {
    "person.key": ("henkilönumero", "hlönro", "hlönumero", "henknro", "hnro", "työntekijänumero", "tyonro", "persnr"),
    "person.given_names": ("etunimet", "etunimi", "förnamn", "given names", "first name"),
    "person.call_name": ("kutsumanimi", "puhuttelunimi", "tilltalsnamn", "call name"),
    "person.family_name": ("sukunimi", "efternamn", "family name", "last name", "surname"),
    "person.email": ("sähköposti", "email", "e-mail", "mail", "e-post", "työsähköposti"),
    "person.phone": ("työpuhelin", "puhelin", "puhelinnumero", "gsm", "matkapuhelin", "phone", "telefon"),
    "person.birth_date": ("syntymäaika", "syntpvm", "syntymäpäivä", "birth date"),
    "person.login": ("käyttäjätunnus", "tunnus", "login", "username", "user id"),
    "person.updated": ("päivitetty", "päivityspvm", "muutospvm", "muutettu", "updated"),
    "identifiers.column": ("hetu", "henkilötunnus", "sotu", "personbeteckning", "ssn"),
    "affiliation.organisations.column": ("toimipisteet", "toimipiste", "työpiste", "toimipaikka", "työpaikka"),
    "affiliation.organisations.otherwise": (
        *("yksikkö", "yksikkökoodi", "yksikkönro", "organisaatio", "organisaatiokoodi", "orgkoodi", "osasto"),
        *("tulosyksikkö", "kustannuspaikka", "kp", "enhet"),
    ),
    "affiliation.kind.column": (
        *("palvelussuhteen laji", "palvelussuhdelaji", "palvsuhdelaji", "psuhdelaji", "palvelussuhteen tyyppi"),
        *("työsuhdetyyppi", "työsuhteen laji", "laji", "palvelussuhteen luonne"),
    ),
    "affiliation.occupation": (
        *("tehtävänimikekoodi", "nimikekoodi", "tehtäväkoodi", "ammattikoodi", "ammattinimikekoodi"),
        *("nimiketunnus", "virkanimikekoodi"),
    ),
    "affiliation.title": ("nimike", "tehtävänimike", "ammattinimike", "virkanimike", "tehtävä", "titel", "title"),
    "affiliation.from": (
        *("alkamispvm", "alkupvm", "alkpvm", "alkamispäivä", "alkaa", "alkaen", "palvelussuhde alkaa"),
        *("palvelussuhteen alku", "voimassa alkaen", "startdatum", "start date"),
    ),
    "affiliation.to": (
        *("päättymispvm", "loppupvm", "loppumispvm", "päättpvm", "päättymispäivä", "päättyy", "päättyen"),
        *("palvelussuhde päättyy", "palvelussuhteen loppu", "voimassa asti", "slutdatum", "end date"),
    ),
    "affiliation.substitute_for": ("sijaistettava", "sijaistettu", "ketä sijaistaa", "sijaistettavan henkilönumero"),
    "absence.from": ("keskeytys alku", "keskeytysalkupvm", "poissaolo alkaa", "keskeytys alkaa", "vapaa alkaa"),
    "absence.to": ("keskeytys loppu", "keskeytysloppupvm", "poissaolo päättyy", "keskeytys päättyy", "vapaa päättyy"),
    "relationships.column": (
        *("esihenkilö", "esihenkilön henkilönumero", "esimies", "esimiehen henkilönumero", "esimiesnro", "chef"),
    ),
}
_KEYS = {
    "palvelussuhdenumero": (
        *("palvelussuhdenro", "psnro", "palvsuhdenro", "työsuhdenumero", "vakanssinumero", "psuhdenro"),
    )
}
"""Names of what is the key of a row, by our own name of it."""


def plain(name: str) -> str:
    """Return a name as it is compared: small letters and digits only, without dots above."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[^a-z0-9]", "", letters)


def suggested(things: Mapping[str, tuple[str, str]], columns: Sequence[str]) -> dict[str, str]:
    """Return the column that each thing most likely is, each column once at most.

    ``things`` have by their name what they are (``person.given_names``) and what we call the column.
    """
    scored = sorted(
        ((_alike(column, what, ours), name, column) for name, (what, ours) in things.items() for column in columns),
        key=lambda one: (-one[0], one[1]),
    )
    found: dict[str, str] = {}
    for score, name, column in scored:
        if score >= _ENOUGH and name not in found and column not in found.values():
            found[name] = column
    return found


def _alike(column: str, what: str, ours: str) -> float:
    """How alike a column's name is to those that a thing has, 0 to 1; 1 where it is one of them."""
    written = plain(column)
    names = [plain(name) for name in (ours, *_NAMES.get(what, ()), *_KEYS.get(ours, ()))]
    if not written:
        return 0.0
    if written in names:
        return 1.0
    return max((SequenceMatcher(None, written, name).ratio() * 0.98 for name in names if name), default=0.0)
