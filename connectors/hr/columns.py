"""The columns of an employment row, and under which names a file has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.csv_file import Layout

COLUMNS = (
    "henkilonumero",
    "hetu",
    "etunimet",
    "kutsumanimi",
    "sukunimi",
    "palvelussuhdenumero",
    "palvelussuhteen_laji",
    "sijaistettava",
    "tehtavanimike_koodi",
    "nimike",
    "toimiala",
    "yksikko_koodi",
    "kustannuspaikka",
    "toimipisteet",
    "esihenkilo_henkilonumero",
    "alkamispvm",
    "paattymispvm",
    "keskeytys_alku",
    "keskeytys_loppu",
    "keskeytys_syy",
    "sopimusala",
    "viikkotunnit",
    "tyopuhelin",
    "paivitetty",
)
"""Every column of a record, in order; also the header of a file whose columns have these names."""

KIND = "employment"
KEY = "palvelussuhdenumero"
CODE = "hetu"
NEEDED = ("henkilonumero", KEY, "alkamispvm")
"""Without these no row says who works since when."""
DAYS = frozenset({"alkamispvm", "paattymispvm", "keskeytys_alku", "keskeytys_loppu", "paivitetty"})


KEY_PARTS = (
    "henkilonumero",
    "alkamispvm",
    "yksikko_koodi",
    "toimipisteet",
    "palvelussuhteen_laji",
    "tehtavanimike_koodi",
    "nimike",
    "toimiala",
    "kustannuspaikka",
    "sopimusala",
    "sijaistettava",
)
"""Of these a key may be made where there is no number: what seldom changes while an employment lasts."""
PERSON = "henkilonumero"


def layout(names: Mapping[str, str], key_of: Sequence[str] = ()) -> Layout:
    """Return the layout of a file that has our columns under ``names``, and lacks those without one; without any, of
    one that has every column under ours. Its key is made of the columns ``key_of``, if there are any."""
    keys = tuple(names.get(one, one) for one in key_of or (KEY,))
    if not names:
        return Layout(columns=COLUMNS, code_column=CODE, trailer=True, keys=keys, days=DAYS)
    return Layout(
        columns=tuple(names.values()),
        code_column=names.get(CODE),
        trailer=True,
        keys=keys,
        by_name=True,
        days=frozenset(names[column] for column in DAYS if column in names),
    )
