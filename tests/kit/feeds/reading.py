"""Records read by the usual column matchings, without a database."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from connectors import registry
from connectors.hr import COLUMNS
from connectors.records import Record
from iam import clock
from iam.sources.reading import matching
from iam.sources.reading.columns import Places, Rejection, Said, reader

MANSIKKALA, KOIVU, RANTA, OPISTO = (UUID(int=n) for n in range(1, 5))
PLACES = Places(
    by_key={"mansikkala": MANSIKKALA, "KOIVU": KOIVU, "RANTA": RANTA, "OPISTO": OPISTO},
    placed=frozenset({MANSIKKALA, KOIVU, RANTA, OPISTO}),
    owner=MANSIKKALA,
    aliases={"org-koivu": KOIVU},
)
CODE = "140381-902E"
TEACHER = dict.fromkeys(COLUMNS, "") | {
    "henkilonumero": "1001",
    "hetu": CODE,
    "etunimet": "Aino Maria",
    "kutsumanimi": "Aino",
    "sukunimi": "Esimerkki",
    "palvelussuhdenumero": "P1001-1",
    "palvelussuhteen_laji": "maaraaikainen",
    "tehtavanimike_koodi": "luokanopettaja",
    "nimike": "Luokanopettaja",
    "toimiala": "sivistys",
    "yksikko_koodi": "KOIVU",
    "kustannuspaikka": "3100",
    "toimipisteet": "KOIVU:60|RANTA:40",
    "esihenkilo_henkilonumero": "1000",
    "alkamispvm": "1.8.2026",
    "paattymispvm": "31.5.2027",
    "sopimusala": "OVTES",
    "viikkotunnit": "24",
    "tyopuhelin": "040 555 1234",
    "paivitetty": "10.9.2026",
}
"""The first row of the worked example."""


@lru_cache
def usual(connector: str) -> matching.Matching:
    """The usual column matching of a connector."""
    return matching.read(registry.matching(connector))


def said(connector: str, kind: str, fields: dict[str, Any], *, key: str = "k1", zone: str = clock.HELSINKI) -> Said:
    """What a record says by its connector's usual matching."""
    read = reader(usual(connector).kinds[kind], zone, "lahde", PLACES)
    return read(Record(kind, key, fields, b"", "rows.csv", 2))


def employment(**values: str) -> Said:
    """What the example's row says, with other values in some columns."""
    return said("hr", "employment", TEACHER | values)


def outcome(connector: str, kind: str, fields: dict[str, Any]) -> Said | Rejection:
    """What a record says, or why it is rejected; anything else that is raised is an error."""
    try:
        return said(connector, kind, fields)
    except Rejection as caught:
        return caught


def rejection(**values: str) -> Rejection:
    """Why the example's row is rejected, with other values in some columns."""
    found = outcome("hr", "employment", TEACHER | values)
    assert isinstance(found, Rejection), "the row was read"
    return found
