"""The examples of docs/connectors/hr.md and of the pages under it, each as it stands there, on a file with invented
people."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.hr import COLUMNS, HrConnector, HrSettings
from connectors.sftp import SftpSettings
from iam.clock import HELSINKI
from iam.sources.reading import matching
from iam.sources.reading.columns import Said, reader
from tests.kit.feeds.csv_inputs import read_all, records
from tests.kit.feeds.reading import CODE, KOIVU, PLACES
from tests.kit.feeds.sheets import xlsx

FEEDS = Path(__file__).parents[2] / "kit" / "feeds" / "payroll"
DOCS = Path(__file__).parents[3] / "docs" / "connectors"
PAGE = (DOCS / "hr.md").read_text(encoding="utf-8")
SYSTEMS = {page.stem: page.read_text(encoding="utf-8") for page in sorted((DOCS / "hr").glob("*.md"))}
EXAMPLES: dict[str, dict[str, Any]] = {
    name: yaml.safe_load(text)
    for name, page in SYSTEMS.items()
    for text in re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
}
PLACES_OF_FILES = ("path", "folder", "sftp", "pattern", "marker", "oldest_days")
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


def file_of(name: str, folder: Path) -> Path:
    """The file with invented people that an example is of."""
    if name == "sarastia365hr":
        (path := folder / "sarastia.xlsx").write_bytes(sarastia())
        return path
    (path,) = FEEDS.glob(f"{name}.*")
    return path


def said(name: str, folder: Path) -> list[Said]:
    """What the rows of an example's file say by its settings and matching."""
    settings = EXAMPLES[name]["settings"]
    assert HrConnector(HrSettings.model_validate(settings)).validate() == []
    here = {setting: value for setting, value in settings.items() if setting not in PLACES_OF_FILES}
    connector = HrConnector(HrSettings.model_validate({**here, "path": file_of(name, folder)}))
    assert connector.validate() == connector.test() == []
    reading = connector.read()
    items = read_all(reading)
    assert (len(records(items)), reading.evidence.rows, reading.evidence.finished) == (2, 2, True)
    found = matching.read(EXAMPLES[name]["matching"])
    assert [*matching.faults(found, HrConnector)] == []
    read = reader(found.kinds["employment"], HELSINKI, "lahde", PLACES)
    return [read(one) for one in records(items)]


def test_every_common_export_has_a_page_with_one_example_that_the_common_page_names() -> None:
    assert [*EXAMPLES] == [*SYSTEMS]
    assert {*SYSTEMS} == {*re.findall(r"\]\(hr/([a-z0-9-]+)\.md\)", PAGE)}
    assert len(SYSTEMS) == 7
    assert [name for name, page in SYSTEMS.items() if "\n## Check with the other side before use\n" not in page] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_reads_who_works_where_as_what_and_from_when_to_when(name: str, tmp_path: Path) -> None:
    aino, rector = said(name, tmp_path)
    assert aino.person is not None
    assert rector.person is not None
    assert aino.person.key.lstrip("0") == "1001"
    assert aino.person.attributes["given_names"] == "Aino Maria"
    assert (rector.person.attributes["family_name"], rector.person.attributes["given_names"]) == ("Mäkinen", "Åke")
    ((place, kind, _, title, primary, _, first, last),) = aino.affiliations
    assert (place, kind, title, primary, first, last) == (KOIVU, "employee", "Luokanopettaja", True, AUGUST, JUNE)
    assert rector.affiliations[0].valid_to.year == 9999
    assert aino.code == (CODE if "hetu" in str(EXAMPLES[name]["settings"]) else None)


@pytest.mark.parametrize("text", re.findall(r"^```yaml\n(settings:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
def test_every_settings_of_the_common_page_can_be_meant(text: str) -> None:
    assert HrConnector(HrSettings.model_validate(yaml.safe_load(text)["settings"])).validate() == []


def test_the_page_tells_every_setting_and_every_column() -> None:
    assert [name for name in HrSettings.model_fields if f"| `{name}` |" not in PAGE] == []
    assert [name for name in SftpSettings.model_fields if f"`{name}`" not in PAGE] == []
    assert [name for name in COLUMNS if f"`{name}`" not in PAGE] == []


def test_the_first_example_of_the_page_has_sound_settings() -> None:
    (source,) = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])["sources"]
    assert HrConnector(HrSettings.model_validate(source["settings"])).validate() == []
