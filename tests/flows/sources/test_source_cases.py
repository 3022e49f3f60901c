"""Inputs that went wrong once, with what is right."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, func, select

from iam.access.model.assignment import Assignment
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation
from iam.directory.person import Identifier, Person, PersonProfile
from iam.directory.source import Ambiguity
from iam.sources.identity.decide import decide
from iam.sources.report import Report
from tests.kit.worlds.source import World, build, code

CASES = Path(__file__).parents[2] / "kit" / "feeds" / "cases"


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    made = build(engine, tmp_path)
    made.give_teachers_a_role()
    return made


def bring(world: World, name: str, *, load: bool = False, **options: Any) -> Report:
    """Let the payroll send a file; with ``load`` as the first one, which is accepted."""
    shutil.copy(CASES / name, world.file)
    return world.load() if load else world.run(**options)


def names(world: World) -> dict[str, str]:
    """Employee number to family name."""
    query = select(Identifier.value, PersonProfile.family_name).join(
        PersonProfile, PersonProfile.person_id == Identifier.person_id
    )
    shown = query.where(
        Identifier.kind == "employee-number", Identifier.closed_by.is_(None), PersonProfile.closed_by.is_(None)
    )
    return dict(world.all(shown))


def count(world: World, model: Any) -> int:
    """How many open rows."""
    return int(world.scalar(select(func.count()).select_from(model).where(model.closed_by.is_(None))))


def test_a_used_number_with_another_code_and_name_takes_nobodys_account(world: World) -> None:
    bring(world, "01a-before.csv", load=True)
    persons, shown = world.persons(), names(world)
    report = bring(world.later(days=1), "01b-same-employee-number-other-identity-code.csv")
    assert (world.persons(), names(world)) == (persons, shown)
    assert count(world, Affiliation) == 5
    assert (report.state, report.counts["ambiguous"]) == ("partial", 1)
    lines = [problem.line for _, problem in report.warnings]
    assert lines == [6, 7], "both lines are named"


def test_a_newcomer_with_a_leavers_number_never_gets_the_leavers_account(world: World) -> None:
    bring(world, "01a-before.csv", load=True)
    old, shown = world.persons()["5"], names(world)["5"]
    bring(world.later(days=1), "01c-number-recycled-after-leaver.csv")
    assert world.persons()["5"] == old
    assert names(world)["5"] == shown
    assert world.scalar(select(func.count()).select_from(Ambiguity)) == 1


def test_an_end_date_in_a_row_whose_person_is_in_question_ends_what_was_that_rows(world: World) -> None:
    bring(world, "01a-before.csv", load=True)
    old = world.persons()["5"]
    table = (
        world.file.read_text(encoding="utf-8")
        .replace("010150-905J", code(77))
        .replace("Etunimi5 Toinen;Etunimi5;Sukunimi5", "Ihan Uusi;Ihan;Uusi")
    )
    lines = table.splitlines()
    lines[5] = lines[5].replace(";1.8.2026;;", ";1.8.2026;30.9.2026;")
    world.file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = world.later(days=1).run()
    assert report.counts["ambiguous"] == 1
    assert [one for one in world.affiliations() if one[0] == "5"] == [
        ("5", "KOIVU", "employee", "2026-08-01", "2026-09-30")
    ]
    assert (world.persons()["5"], names(world)["5"]) == (old, "Sukunimi5")


def test_once_somebody_says_that_it_is_a_newcomer_the_number_is_theirs_and_the_leaver_keeps_the_account(
    world: World,
) -> None:
    bring(world, "01a-before.csv", load=True)
    old = world.persons()["5"]
    bring(world.later(days=1), "01c-number-recycled-after-leaver.csv")
    with world.sessions.begin() as session, world.later(days=1).now():
        decide(session, session.scalars(select(Ambiguity.id)).one(), None, world.second)
    report = world.later(days=2).run()
    assert (report.state, report.counts["ambiguous"]) == ("done", 0)
    new = dict(
        world.all(
            select(Identifier.value, Identifier.person_id).where(
                Identifier.closed_by.is_(None), Identifier.value == "5"
            )
        )
    )["5"]
    assert new != old
    family = select(PersonProfile.person_id, PersonProfile.family_name).where(PersonProfile.closed_by.is_(None))
    assert {one: name for one, name in world.all(family) if one in (old, new)} == {old: "Sukunimi5", new: "Uusi"}


def test_a_corrected_code_with_the_same_name_and_birth_date_goes_on_working(world: World) -> None:
    bring(world, "01a-before.csv", load=True)
    old = world.persons()["5"]
    table = world.file.read_text(encoding="utf-8").replace("010150-905J", code(77))
    world.file.write_text(table, encoding="utf-8")
    report = world.later(days=1).run()
    assert (report.state, world.persons()["5"]) == ("done", old)


def test_start_dates_moved_into_the_future_wait_and_everybody_keeps_their_rights(world: World) -> None:
    bring(world, "02a-before.csv", load=True)
    rights = count(world, Assignment)
    report = bring(world.later(days=1), "02b-all-start-dates-in-the-future.csv")
    assert report.state == "held"
    assert count(world, Assignment) == rights
    assert report.counts["rights_held_lose"] == report.counts["held_lost"] > 5


def test_a_surname_column_sorted_on_its_own_renames_nobody(world: World) -> None:
    bring(world, "02a-before.csv", load=True)
    before = names(world)
    report = bring(world.later(days=1), "05-surname-column-sorted-alone.csv")
    assert report.state == "held"
    assert names(world) == before
    assert "would get another name" in str(report.reasons[0])
    again = world.later(days=1, hours=1).accept()
    assert again.state == "done"
    assert names(world) != before


def test_a_corrected_mapping_is_read_into_every_row(world: World) -> None:
    bring(world, "01a-before.csv", load=True)
    (declared,) = yaml.safe_load((CASES / "03-changed-matching.yaml").read_text(encoding="utf-8"))["sources"]
    world.change_source(matching=declared["matching"])
    report = world.later(days=1).run()
    assert (report.counts["unchanged"], report.counts["changed"]) == (0, 5)
    assert report.state == "held", "the guard judges what it takes"
    world.later(days=1).accept()
    assert {kind for _, _, kind, _, _ in world.affiliations()} == {"contractor"}


def test_a_leaver_ends_though_an_empty_row_stands_at_the_end(world: World) -> None:
    bring(world, "04a-before-200.csv", load=True)
    first = bring(world.later(days=1), "04b-one-gone-and-an-empty-excel-row.csv")
    assert (first.state, first.counts["missing"], first.counts["rejected"]) == ("done", 1, 0)
    second = world.later(days=2).run(full=True)
    assert second.counts["end"] == 1
    assert {one[0] for one in world.affiliations() if one[4]} == {"5"}


def test_an_instant_at_midnight_elsewhere_is_the_payrolls_own_day(world: World) -> None:
    bring(world, "10-utc-midnight-dates.csv", load=True)
    assert [one[4] for one in world.affiliations() if one[0] == "301"] == ["2027-01-01"]


def test_a_file_without_a_last_line_break_is_whole(world: World) -> None:
    assert bring(world, "14-no-last-line-break.csv", load=True).counts["rows"] == 5


def test_excels_text_formula_is_its_text_and_an_invisible_sign_in_a_key_is_refused(world: World) -> None:
    report = bring(world, "18-excel-text-formula-and-bom-inside.csv")
    world.later(hours=1).accept()
    assert "0002" in world.persons()
    assert [problem.line for _, problem in report.rejects] == [4]
    assert world.scalar(select(func.count()).select_from(Person)) >= 2


def test_a_school_whose_code_is_corrected_takes_its_people_along(world: World) -> None:
    bring(world, "01a-before.csv", load=True)
    with world.sessions.begin() as session:
        organisations = {row.key: row for row in session.scalars(select(Organisation))}
        organisations["KOIVU"].key = "KOIVU-OLD"
        session.flush()
        organisations["RANTA"].key = "KOIVU"
    report = world.later(days=1).run()
    assert (report.counts["unchanged"], report.counts["start"]) == (0, 5), "everybody starts where the code now is"
