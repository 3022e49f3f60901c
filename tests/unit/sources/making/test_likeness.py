"""Which column is suggested for what, by the names that Finnish payrolls give their columns."""

from __future__ import annotations

import pytest

from iam.sources.making.likeness import suggested

THINGS = {
    "number": ("person.key", "henkilonumero"),
    "code": ("identifiers.column", "hetu"),
    "given": ("person.given_names", "etunimet"),
    "family": ("person.family_name", "sukunimi"),
    "row": ("key", "palvelussuhdenumero"),
    "kind": ("affiliation.kind.column", "palvelussuhteen_laji"),
    "title": ("affiliation.title", "nimike"),
    "unit": ("affiliation.organisations.otherwise", "yksikko_koodi"),
    "from": ("affiliation.from", "alkamispvm"),
    "to": ("affiliation.to", "paattymispvm"),
    "absent from": ("absence.from", "keskeytys_alku"),
    "manager": ("relationships.column", "esihenkilo_henkilonumero"),
}


@pytest.mark.parametrize(
    ("column", "thing"),
    [
        ("Henkilönumero", "number"),
        ("Hlönro", "number"),
        ("HLÖ-NRO", "number"),
        ("Henkilötunnus", "code"),
        ("HETU", "code"),
        ("Sukunimi", "family"),
        ("Etunimi", "given"),
        ("Palvelussuhdenro", "row"),
        ("Palvelussuhteen laji", "kind"),
        ("Tehtävänimike", "title"),
        ("Yksikkökoodi", "unit"),
        ("Kustannuspaikka", "unit"),
        ("Alkupvm", "from"),
        ("Alkamispäivä", "from"),
        ("Loppupvm", "to"),
        ("Päättymispvm", "to"),
        ("Keskeytys alku", "absent from"),
        ("Esimiehen henkilönumero", "manager"),
    ],
)
def test_a_header_of_a_finnish_payroll_suggests_what_it_is(column: str, thing: str) -> None:
    assert suggested(THINGS, [column]) == {thing: column}


@pytest.mark.parametrize("column", ["Verokortti", "Palkkaluokka", "", "123", "Ay-jäsenyys"])
def test_a_column_of_something_else_suggests_nothing(column: str) -> None:
    assert suggested(THINGS, [column]) == {}


def test_each_column_is_suggested_once_where_it_fits_best() -> None:
    found = suggested(THINGS, ["Henkilönumero", "Esihenkilön henkilönumero", "Nimike", "Tehtävänimike"])
    assert (found["number"], found["manager"], found["title"]) == (
        "Henkilönumero",
        "Esihenkilön henkilönumero",
        "Nimike",
    )
    assert len(set(found.values())) == len(found)
