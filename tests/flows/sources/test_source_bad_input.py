"""Bad input: a clear message with line, field and remedy; nothing is lost, and no identity code is anywhere."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, select, text

from iam import clock
from iam.audit.log import AuditEvent
from iam.directory import identity_code
from iam.directory.person import PersonProfile
from iam.directory.source import Run, RunReject
from iam.errors import Invalid
from iam.sources.report import Report
from iam.texts import LANGUAGES, Texts
from tests.kit.factories import facts
from tests.kit.worlds.source import World, build, code, hr_text, row, rows

FIXTURES = Path(__file__).parents[2] / "kit" / "feeds" / "hr"
CODE = "140381-902E"


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    world = build(engine, tmp_path)
    world.open("OPISTO")
    return world


def feed(world: World, name: str) -> Report:
    """Run the source over one of the fixture files."""
    world.file.write_bytes((FIXTURES / name).read_bytes())
    return world.run()


def good(world: World) -> None:
    """Load the good fixture file."""
    feed(world, "good.csv")
    assert world.accept().state == "done"


def places(report: Report) -> list[tuple[int | None, str | None]]:
    """Line and field of every rejected row."""
    return [(problem.line, problem.field) for _, problem in report.rejects]


def test_half_a_file_changes_nothing_and_says_both_numbers(world: World) -> None:
    world.load(rows(range(100)))
    before = world.facts()
    report = world.later(days=1).run(rows(range(50)))
    assert (report.state, report.exit_code, report.completeness) == ("stopped", 3, "incomplete")
    assert str(report.reasons[0]).startswith("The file has 50 rows, the previous one had 100. Nothing was changed.")
    assert world.facts() == before
    run = world.scalar(select(Run).where(Run.id == report.run_id))
    assert (run.state, run.plan_id, run.counts["rows"], run.reasons[0]["params"]) == (
        "stopped",
        None,
        50,
        {"rows": 50, "before": 100},
    )


def test_half_a_file_with_other_changes_in_it_applies_none_of_them(world: World) -> None:
    world.load(rows(range(100)))
    before = world.facts()
    world.later(days=1).run([*rows(range(50), nimike="Muu"), *rows(range(200, 220))])
    assert world.facts() == before


def test_the_whole_file_after_half_a_file_is_good_again(world: World) -> None:
    world.load(rows(range(100)))
    world.later(days=1).run(rows(range(50)))
    report = world.later(days=2).run(rows(range(101)))
    assert (report.state, report.counts["start"], report.counts["missing"]) == ("done", 1, 0)


@pytest.mark.parametrize(
    ("name", "state", "line"),
    [
        ("last-line-cut.csv", "stopped", None),
        ("trailer-says-more.csv", "stopped", None),
        ("mixed-encodings.csv", "failed", 5),
        ("no-header.csv", "failed", 1),
        ("wrong-header.csv", "failed", 1),
    ],
)
def test_a_file_that_is_no_whole_file_changes_nothing_and_says_why(
    world: World, name: str, state: str, line: int | None
) -> None:
    good(world)
    before = world.facts()
    report = feed(world.later(days=1), name)
    assert (report.state, report.exit_code) == (state, {"stopped": 3, "failed": 1}[state])
    assert (report.reasons[0].line, bool(report.reasons[0].remedy)) == (line, True)
    assert world.facts() == before


def test_a_cut_last_line_is_reported_with_its_line_number(world: World) -> None:
    good(world)
    assert places(feed(world.later(days=1), "last-line-cut.csv")) == [(5, None)]


def test_a_file_that_is_not_there_is_a_failed_run_that_names_it(world: World) -> None:
    report = world.run()
    assert (report.state, report.exit_code, report.reasons[0].file) == ("failed", 1, "hr.csv")


def test_a_trailer_that_matches_proves_the_file_whole_however_much_smaller_it_is(world: World) -> None:
    world.load(rows(range(100)))
    world.write(rows(range(50)), trailer=50)
    report = world.later(days=1).run()
    assert (report.state, report.completeness, report.counts["missing"]) == ("done", "proved", 50)


@pytest.mark.parametrize(
    "name", ["good.csv", "good-iso-8859-1.csv", "good-comma-bom-crlf.csv", "good-with-trailer.csv"]
)
def test_every_way_to_write_a_good_file_gives_the_same_facts(world: World, name: str) -> None:
    feed(world, name)
    assert world.accept().state == "done"
    assert world.affiliations() == [
        ("1001", "KOIVU", "employee", "2026-08-01", "2027-05-31"),
        ("1001", "OPISTO", "employee", "2026-09-01", "2026-12-18"),
        ("1001", "RANTA", "employee", "2026-08-01", "2027-05-31"),
        ("1002", "KOIVU", "employee", "2019-08-01", ""),
        ("1003", "RANTA", "employee", "2026-08-10", "2027-06-04"),
    ]
    assert "Åkesson" in world.all(select(PersonProfile.family_name).where(PersonProfile.closed_by.is_(None)))


BAD = [
    ("code-in-nimike.csv", 4, "nimike"),
    ("impossible-date.csv", 3, "paattymispvm"),
    ("same-number-twice.csv", 5, "palvelussuhdenumero"),
]


@pytest.mark.parametrize(("name", "line", "field"), BAD)
def test_a_bad_row_is_listed_with_line_field_and_remedy_while_the_others_are_kept(
    world: World, name: str, line: int, field: str
) -> None:
    feed(world, name)
    report = world.accept()
    assert (report.state, report.exit_code, report.counts["rejected"]) == ("partial", 0, 1)
    kept = world.all(select(RunReject).where(RunReject.run_id == report.run_id))
    assert [(one.n, one.kind, one.file, one.line, one.field) for one in kept] == [
        (1, "employment", "hr.csv", line, field)
    ]
    assert kept[0].message
    assert kept[0].remedy
    assert len(world.affiliations()) in (4, 5)


@pytest.mark.parametrize(("name", "line", "field"), BAD)
def test_with_the_other_setting_one_bad_row_stops_everything_and_is_still_listed(
    world: World, name: str, line: int, field: str
) -> None:
    good(world)
    world.change_source(keep_good_rows=False)
    before = world.facts()
    report = feed(world.later(days=1), name)
    assert (report.state, report.exit_code, places(report)) == ("failed", 1, [(line, field)])
    assert "1 rows cannot be read" in str(report.reasons[0])
    assert world.facts() == before
    assert world.all(select(RunReject.line).where(RunReject.run_id == report.run_id)) == [line]


def test_an_unknown_organisation_is_listed_by_its_key(world: World) -> None:
    world.load([row(1), row(2, toimipisteet="KADONNUT:100")])
    kept = world.all(select(RunReject).order_by(RunReject.run_id.desc()))[0]
    assert (kept.line, kept.field, kept.params) == (3, "toimipisteet", {"key": "KADONNUT"})
    assert [one[0] for one in world.affiliations()] == ["1"]


def test_a_row_is_read_as_soon_as_its_organisation_is_known(world: World) -> None:
    world.load([row(1), row(2, toimipisteet="PUISTO:100")])
    with world.sessions.begin() as session, world.now():
        facts.organisation(session, "PUISTO", "school", world.ids["mansikkala"])
    assert world.later(days=1).run().counts["start"] == 1


def test_a_first_row_stands_where_a_number_comes_twice(world: World) -> None:
    world.load([row(1, "P1"), row(2, "P1", toimipisteet="RANTA:100"), row(3)])
    assert [one[:2] for one in world.affiliations()] == [("1", "KOIVU"), ("3", "KOIVU")]


def test_a_wrong_setting_is_named_and_the_source_is_free_again(world: World) -> None:
    world.change_source(settings={"path": "hr.csv"})
    for _ in range(2):
        with pytest.raises(Invalid) as caught:
            world.run()
        assert [problem.field for problem in caught.value.problems] == ["path"]
    assert set(world.all(select(Run.state))) == {"failed"}


def canaries(number: int) -> list[str]:
    """What of an identity code must be nowhere: with its separator and without."""
    whole = code(number)
    return [whole, whole.replace("-", "")]


def everything_written(world: World) -> str:
    """The text of every row of every table, bytes as they are."""
    with world.engine.connect() as connection:
        tables = inspect(world.engine).get_table_names()
        rows_ = [str(tuple(each)) for name in tables for each in connection.execute(text(f'SELECT * FROM "{name}"'))]
    return "\n".join(rows_)


def said(report: Report) -> str:
    """All words of a report, in every language."""
    problems = [*report.reasons, *(problem for _, problem in report.rejects)]
    sentences = [Texts(language).sentence(problem) for problem in problems for language in LANGUAGES]
    return "\n".join([repr(report), *map(str, problems), *sentences])


def test_no_identity_code_is_in_the_database_in_a_run_in_an_event_in_a_message_or_in_a_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = str(1 if code(3)[-1] != "1" else 2)
    table = [
        row(1),
        row(2, nimike=code(2)),
        row(3, hetu=code(3)[:-1] + wrong),
        row(4, toimipisteet=code(4)),
        row(5, palvelussuhdenumero=code(5)),
        row(6, alkamispvm=code(6)),
        row(7, sijaistettava=code(7)),
        row(8, palvelussuhteen_laji=code(8)),
        row(9, etunimet=f"A {code(9)}"),
        row(10, henkilonumero=code(10)),
        row(11, toimipisteet="KADONNUT"),
        row(12, tyopuhelin=code(12).replace("-", "\u2013")),
        row(13),
    ]
    reports = [world.run(table), world.accept(), world.later(days=1).run([*table, row(13, hetu=code(14))])]
    world.change_source(keep_good_rows=False)
    reports.append(world.later(days=2).run([*table, row(2, "P2b", nimike=code(15))]))
    assert [report.counts["rejected"] for report in reports] == [11, 11, 12, 12]
    texts = {
        "database": everything_written(world),
        "messages": "\n".join(map(said, reports)),
        "log": caplog.text,
        "events": str([one.envelope for one in world.all(select(AuditEvent))]),
    }
    broken = [code(3)[:-1] + wrong]
    for number in range(1, 16):
        for canary in [*canaries(number), *broken, code(12).replace("-", "\u2013")]:
            assert [name for name, text_ in texts.items() if canary in text_] == []
    assert re.search(r"Sukunimi1\b", texts["database"])


def test_the_database_s_own_file_holds_no_identity_code(world: World) -> None:
    world.load([row(1), row(2, nimike=code(2))])
    on_disk = world.engine.dialect.name == "sqlite"
    files = list(Path(str(world.engine.url.database)).parent.glob("avain.db*")) if on_disk else []
    assert bool(files) == on_disk
    held = [path.name for path in files for number in (1, 2) if code(number).encode() in path.read_bytes()]
    assert held == []
    assert world.file.read_bytes().count(code(1).encode()) == 1


def test_the_identity_code_is_in_the_vault_and_shown_for_a_purpose(world: World) -> None:
    world.load([row(1)])
    with world.sessions() as session, clock.fixed(world.at):
        assert identity_code.show(session, world.vault, world.persons()["1"], "korjaus", world.clerk) == code(1)


def test_names_and_numbers_with_quotes_and_line_breaks_stay_in_their_fields(world: World) -> None:
    text_ = hr_text([row(1)]).replace("Sukunimi1", '"Suku;nimi ""1"""')
    world.file.write_text(text_)
    world.load()
    assert world.all(select(PersonProfile.family_name).where(PersonProfile.source_id.is_not(None))) == ['Suku;nimi "1"']
