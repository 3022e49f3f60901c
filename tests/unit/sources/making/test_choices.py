"""What the columns of a source may mean: what is chosen becomes its settings and its column matching."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors import registry
from connectors.records import Sample
from iam.directory.source import Source
from iam.errors import Invalid
from iam.sources import configured
from iam.sources.making import choices, sample
from iam.sources.reading import matching
from tests.kit.feeds import sheets

FILE = (
    "Hlönro;Nro;Laji;Yksikkö;Alkupvm;Sukunimi\n7001;881;V;KOIVU;1.3.2024;Puistola\n7002;882;M;KOIVU;1.4.2026;Lehtola\n"
)
CHOSEN = {
    "employment.person.key": "Hlönro",
    "employment.key": "Nro",
    "employment.affiliation.kind.column": "Laji",
    "employment.affiliation.organisations.otherwise": "Yksikkö",
    "employment.affiliation.from": "Alkupvm",
    "employment.person.family_name": "Sukunimi",
}


def hr(path: Path, text: str = FILE, **more: Any) -> Source:
    path.write_text(text, encoding="utf-8")
    return Source(
        key="palkat", connector="hr", settings={"path": str(path)}, correlate=[], zone="Europe/Helsinki", **more
    )


def look(source: Source) -> list[Sample]:
    return sample.taken(configured.connector_of(source))


def choose(source: Source, chosen: dict[str, str], everybody: str = "", at_owner: bool = False) -> None:
    for name, value in choices.chosen(source, chosen, look(source), choices.Besides(everybody, at_owner)).items():
        setattr(source, name, value)


def fields(error: pytest.ExceptionInfo[Invalid]) -> set[str]:
    return {str(problem.field) for problem in error.value.problems}


def test_what_is_suggested_by_name_can_be_saved_and_read(tmp_path: Path) -> None:
    source = hr(tmp_path / "hr.csv")
    found = choices.things(source)
    suggested = choices.suggestions(found, look(source))
    assert suggested.items() >= (CHOSEN.items() - {("employment.key", "Nro")})
    choose(source, suggested | {"employment.key": "Nro"})
    records = list(configured.connector_of(source).read())  # type: ignore[attr-defined]
    assert [one.fields["sukunimi"] for one in records] == ["Puistola", "Lehtola"]
    assert source.matching is None
    assert {one.column for one in choices.things(source) if one.column} == set(CHOSEN.values())


def test_values_stand_for_kinds_and_the_usual_ones_stay(tmp_path: Path) -> None:
    source = hr(tmp_path / "hr.csv")
    choose(source, CHOSEN)
    assert choices.values(source, look(source)) == ("Laji", {"M": "", "V": ""})
    source.matching = choices.stating_values(source, {"V": "employee", "M": ""})["matching"]
    kind = matching.read(source.matching or {}).kinds["employment"].affiliation
    assert kind is not None
    assert isinstance(kind.kind, matching.Values)
    assert kind.kind.values["V"] == "employee"
    assert "M" not in kind.kind.values
    assert kind.kind.values["sijainen"] == "substitute"
    choose(source, CHOSEN)
    assert choices.values(source, look(source)) == ("Laji", {"M": "", "V": "employee"}), "choosing again keeps them"


def test_what_no_column_tells_holds_for_all_or_is_asked(tmp_path: Path) -> None:
    source = hr(tmp_path / "hr.csv")
    without = {name: column for name, column in CHOSEN.items() if "organisations" not in name and "kind" not in name}
    with pytest.raises(Invalid) as error:
        choose(source, without)
    assert fields(error) == {"employment.affiliation.kind.column", "employment.affiliation.organisations.column"}
    choose(source, without, "trainee", at_owner=True)
    assert matching.read(source.matching or {}).kinds["employment"].affiliation == matching.AffiliationColumns(
        organisations=matching.Organisations(fixed="owner"),
        kind="trainee",
        occupation="tehtavanimike_koodi",
        title="nimike",
        **{"from": "alkamispvm"},
        to="paattymispvm",
        substitute_for="sijaistettava",
    )
    choose(source, CHOSEN)
    assert source.matching is None, "columns that tell it again take it back"


def test_a_column_of_days_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as error:
        choose(hr(tmp_path / "hr.csv"), CHOSEN | {"employment.affiliation.to": "Sukunimi"})
    assert fields(error) == {"employment.affiliation.to"}


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as error:
        choose(hr(tmp_path / "hr.csv"), CHOSEN | {"employment.person.given_names": "Etunimi"})
    assert fields(error) == {"employment.person.given_names"}


def test_a_spreadsheet_shows_its_columns_below_its_titles(tmp_path: Path) -> None:
    rows = [["Palkat 2026"], ["Hlönro", "Nro", "", "Alkupvm"], ["7001", "881", "x", "1.3.2024"]]
    path = tmp_path / "hr.xlsx"
    path.write_bytes(sheets.xlsx(rows))
    source = Source(key="p", connector="hr", settings={"path": str(path)}, correlate=[])
    (found,) = look(source)
    assert (found.columns, found.rows) == (("Hlönro", "Nro", "Alkupvm"), (("7001", "881", "1.3.2024"),))


def test_of_a_school_system_the_matching_itself_is_chosen(tmp_path: Path) -> None:
    data = registry.matching("oneroster")
    source = Source(key="koulut", connector="oneroster", settings={"path": "/srv/feeds/roster.zip"}, correlate=[])
    found = choices.things(source)
    same = {one.name: one.column for one in found}
    samples = [
        Sample(kind, tuple({one.column for one in found if one.kind == kind and one.column}), ()) for kind in data
    ]
    assert choices.chosen(source, same, samples, choices.Besides()) == {"matching": None}
    user = next(one for one in found if one.path == ("person", "family_name"))
    without = same | {user.name: ""}
    own = choices.chosen(source, without, samples, choices.Besides())["matching"]
    assert "family_name" not in own[user.kind]["person"]
    assert own | {user.kind: data[user.kind]} == data


NO_NUMBER = {name: column for name, column in CHOSEN.items() if name != "employment.key"}
SLASHED = FILE.replace("1.3.2024", "01/03/2024").replace("1.4.2026", "04/05/2026")


def also(source: Source, chosen: dict[str, str], **besides: Any) -> None:
    for name, value in choices.chosen(source, chosen, look(source), choices.Besides(**besides)).items():
        setattr(source, name, value)


def test_where_there_is_no_number_the_key_is_made_of_what_is_chosen(tmp_path: Path) -> None:
    source = hr(tmp_path / "hr.csv")
    with pytest.raises(Invalid) as error:
        also(source, NO_NUMBER)
    assert fields(error) == {"employment.key"}
    also(source, NO_NUMBER, key_of=("henkilonumero", "alkamispvm"))
    records = list(configured.connector_of(source).read())  # type: ignore[attr-defined]
    assert [one.key for one in records] == ["7001|2024-03-01", "7002|2026-04-01"]
    assert choices.key_made_of(source) == ("henkilonumero", "alkamispvm")
    also(source, CHOSEN)
    assert choices.key_made_of(source) == (), "a number that is chosen takes its place"


def test_what_a_key_is_made_of_must_have_a_column(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as error:
        also(hr(tmp_path / "hr.csv"), NO_NUMBER, key_of=("henkilonumero", "toimipisteet"))
    assert fields(error) == {"employment.affiliation.organisations.column"}


def test_days_that_could_be_two_are_asked_about_and_others_are_not(tmp_path: Path) -> None:
    source = hr(tmp_path / "hr.csv", SLASHED)
    with pytest.raises(Invalid) as error:
        also(source, CHOSEN)
    assert fields(error) == {"settings.day_form"}
    also(source, CHOSEN, day_form="m/d/yyyy")
    records = list(configured.connector_of(source).read())  # type: ignore[attr-defined]
    assert [one.fields["alkamispvm"] for one in records] == ["2024-01-03", "2026-04-05"]
    source = hr(tmp_path / "hr.csv", SLASHED.replace("04/05", "24/05"))
    also(source, CHOSEN)
    assert source.settings["day_form"] == "d/m/yyyy", "one of them is no month: there is nothing to ask"
    source = hr(tmp_path / "hr.csv")
    also(source, CHOSEN, day_form="m/d/yyyy")
    assert "day_form" not in source.settings, "nobody need say how these are written"


def test_a_column_that_is_days_in_no_form_is_refused_as_before(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as error:
        also(hr(tmp_path / "hr.csv", SLASHED.replace("04/05", "24/25")), CHOSEN)
    assert fields(error) == {"employment.affiliation.from"}
