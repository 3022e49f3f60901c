"""What occupations are called is declared in three languages, written out again, and gives nobody anything."""

from __future__ import annotations

from pathlib import Path

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.apply.export import as_data, in_yaml
from iam.demo.population.employee import OCCUPATIONS
from iam.directory.occupation import Occupation, called, named

from .conftest import Apply

NAMED = "occupations: [{code: luokanopettaja, name: {fi: Luokanopettaja, sv: Klasslärare}}, {code: '123', name: {fi: Kokki}}]\n"


def test_a_name_is_written_in_every_language_and_told_as_a_difference_when_it_is_another(
    applied: Apply, session: Session
) -> None:
    report = applied(NAMED)
    assert not report.problems
    assert report.counts["create"] == 2
    assert report.applied is not None
    assert (report.applied.rights.opened, report.applied.rights.closed) == (0, 0)
    names = {row.code: row.name for row in session.scalars(select(Occupation))}
    assert names["luokanopettaja"] == {"fi": "Luokanopettaja", "sv": "Klasslärare", "en": "Luokanopettaja"}
    again = applied(NAMED.replace("Kokki", "Keittäjä"))
    ((key, fields),) = [(one.key, one.fields) for one in again.differences if one.action == "change"]
    assert (key, list(fields)) == ("123", ["name"])
    assert named(session, ["123", "muu"]) == {"123": {"fi": "Keittäjä", "sv": "Keittäjä", "en": "Keittäjä"}}


def test_the_export_gives_the_names_back_and_applying_it_changes_nothing(applied: Apply, session: Session) -> None:
    applied(NAMED)
    data = as_data(session)
    assert [one["code"] for one in data["occupations"]] == ["123", "luokanopettaja"]
    assert applied(in_yaml(data)).applied is None


def test_a_code_stated_twice_is_refused(applied: Apply) -> None:
    (problem,) = applied("occupations: [{code: a, name: {fi: A}}, {code: a, name: {fi: B}}]").problems
    assert (problem.field or "").startswith("occupations[1]")


def test_a_position_is_called_by_its_occupation_then_as_its_source_told_it() -> None:
    assert called({"fi": "Opettaja", "sv": "Lärare"}, "opett.", "sv") == "Lärare"
    assert called({"fi": "Opettaja"}, "opett.", "en") == "Opettaja"
    assert called(None, "opett.", "en") == "opett."
    assert called({}, None, "en") is None


def test_every_occupation_of_the_demonstration_has_a_name() -> None:
    path = Path(__file__).parents[3] / "deploy" / "demo" / "10-applications.yaml"
    stated = {row["code"]: row["name"]["fi"] for row in yaml.safe_load(path.read_text(encoding="utf-8"))["occupations"]}
    assert stated == {one.code: one.title for one in OCCUPATIONS.values()}
