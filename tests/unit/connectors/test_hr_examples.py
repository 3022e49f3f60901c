"""The examples of docs/connectors/hr.md, each as it stands there, on a file with invented people."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.hr import COLUMNS, HrConnector, HrSettings
from iam.clock import HELSINKI
from iam.sources.reading import matching
from iam.sources.reading.columns import Said, reader
from tests.kit.feeds.csv_inputs import read_all, records
from tests.kit.feeds.reading import CODE, KOIVU, PLACES
from tests.kit.feeds.sheets import xlsx

FEEDS = Path(__file__).parents[2] / "kit" / "feeds" / "payroll"
PAGE = (Path(__file__).parents[3] / "docs" / "connectors" / "hr.md").read_text(encoding="utf-8")
EXAMPLES: dict[str, dict[str, Any]] = {
    name: yaml.safe_load(text)
    for name, text in re.findall(r"^### ([^\n]+)$[^#]+?^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
}
AUGUST, JUNE = datetime(2026, 7, 31, 21, tzinfo=UTC), datetime(2027, 5, 31, 21, tzinfo=UTC)


def sarastia() -> bytes:
    """A report as a person sees it: titles, a header, days as cells."""
    head = ["Henkilönumero", "Sukunimi", "Etunimet", "Kutsumanimi", "Palvelussuhteen tunniste", "Palvelussuhdetyyppi"]
    head += [
        "Tehtävänimike",
        "Yksikön tunnus",
        "Alkamispäivä",
        "Päättymispäivä",
        "Poissaolo alkaa",
        "Poissaolo päättyy",
    ]
    aino = ["1001", "Esimerkki", "Aino Maria", "Aino", "1001-1", "Määräaikainen", "Luokanopettaja", "KOIVU"]
    rector = ["1002", "Mäkinen", "Åke", "Åke", "1002-1", "Toistaiseksi", "Rehtori", "KOIVU"]
    days = [date(2026, 8, 1), date(2027, 5, 31), date(2026, 10, 1), date(2026, 10, 31)]
    return xlsx([["Raportti"], [], head, [*aino, *days], [*rector, date(2019, 8, 1)]], "Palvelussuhteet")


def said(name: str, folder: Path) -> dict[str, Said]:
    """What the rows of an example's file say by its settings and matching, by employment relationship."""
    example = EXAMPLES[name]
    path = FEEDS / Path(example["settings"]["path"]).name
    if path.suffix == ".xlsx":
        path = folder / path.name
        path.write_bytes(sarastia())
    connector = HrConnector(HrSettings.model_validate({**example["settings"], "path": path}))
    assert connector.validate() == connector.test() == []
    reading = connector.read()
    items = read_all(reading)
    assert (len(records(items)), reading.evidence.rows, reading.evidence.finished) == (2, 2, True)
    found = matching.read(example["matching"])
    assert [*matching.faults(found, HrConnector)] == []
    read = reader(found.kinds["employment"], HELSINKI, "lahde", PLACES)
    return {one.key: read(one) for one in records(items)}


def test_every_common_export_has_an_example() -> None:
    assert [*EXAMPLES] == ["Personec F", "Populus", "Sarastia365HR", "Mepco", "Unit4 and Workday"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_reads_who_works_where_as_what_and_from_when_to_when(name: str, tmp_path: Path) -> None:
    found = said(name, tmp_path)
    aino, rector = found["1001-1"], found["1002-1"]
    assert aino.person is not None
    assert rector.person is not None
    assert aino.person.key.lstrip("0") == "1001"
    assert aino.person.attributes["given_names"] == "Aino Maria"
    assert (rector.person.attributes["family_name"], rector.person.attributes["given_names"]) == ("Mäkinen", "Åke")
    ((place, kind, _, title, primary, _, first, last),) = aino.affiliations
    assert (place, kind, title, primary, first, last) == (KOIVU, "employee", "Luokanopettaja", True, AUGUST, JUNE)
    assert rector.affiliations[0].valid_to.year == 9999
    assert aino.code == (CODE if "hetu" in str(EXAMPLES[name]["settings"]) else None)


def test_the_page_tells_every_setting_and_every_column() -> None:
    assert [name for name in HrSettings.model_fields if f"| `{name}` |" not in PAGE] == []
    assert [name for name in COLUMNS if f"`{name}`" not in PAGE] == []


def test_the_first_example_of_the_page_has_sound_settings() -> None:
    (source,) = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])["sources"]
    assert HrConnector(HrSettings.model_validate(source["settings"])).validate() == []
