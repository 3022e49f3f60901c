"""What the first house must do, from feed file to token: on the demonstration, and on a whole consortium of unknown
people."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr
from sqlalchemy import select

from iam import clock
from iam.access.model.agreement import Agreement, AgreementTerm
from iam.access.right import rights
from iam.cli.demo.run import ACCEPTER
from iam.cli.demo_state import settings_for
from iam.demo.agreements import WELFARE_AGREEMENT
from iam.demo.people import TRY
from iam.settings import Database
from iam.sources import runner
from iam.texts import Texts
from tests.kit.servers.postgresql import PostgreSQL
from tests.kit.worlds.consortium import NORMAL, PASSWORDS, SMALL, Consortium, make, prepared, yesterday
from tests.kit.worlds.visitor import Visitor

TEACHER, PSYCHOLOGIST = "aino.esimerkki", "pirkko.psykologi"
PASSPHRASE = "kuuden-kuusen-kuja-37"
WELFARE_SCOPES = ("lukiokoulutus", "perusopetus")
WELFARE_ROLES = [f"psykologi@{scope}" for scope in WELFARE_SCOPES]
KNOWN = (
    "affiliation",
    "assignment",
    "agreement",
    "agreement_term",
    "agreement_clause",
    "change",
    "run",
    "plan",
    "plan_effect",
)
"""Tables of what is known, and of what any job leaves behind."""
WORLDS = ["small", "normal", pytest.param("small on postgresql", marks=pytest.mark.services)]


@pytest.fixture(scope="module")
def on_postgresql(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The small consortium set up on PostgreSQL: its state folder, and its database to copy."""
    name, state = postgresql.fresh_database(), tmp_path_factory.mktemp("consortium") / "state"
    settings = settings_for(state).model_copy(update={"database": Database(url=SecretStr(postgresql.url(name)))})
    make(settings, *SMALL)
    return state, name


@pytest.fixture(params=WORLDS)
def world(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Consortium]:
    """A consortium of the test's own, as ``make run`` leaves it."""
    if request.param != "small on postgresql":
        profile, seed = SMALL if request.param == "small" else NORMAL
        with Consortium(prepared(tmp_path_factory, profile, seed), tmp_path / "state") as consortium:
            yield consortium
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    state, template = request.getfixturevalue("on_postgresql")
    name = server.fresh_database(template)
    with Consortium(state, tmp_path / "state", url=server.url(name)) as consortium:
        yield consortium
    server.drop_database(name)


def test_a_teacher_chooses_a_school_and_the_application_is_told_of_that_school_only(world: Consortium) -> None:
    teacher = Visitor(world)
    in_koivu = teacher.told(teacher.choose(teacher.enter(TEACHER), "KOIVU"))
    assert in_koivu.claims["name"] == "Aino Esimerkki"
    assert in_koivu.claims["capacity"]["organisation"]["key"] == "KOIVU"
    assert in_koivu.roles == ["opettaja@KOIVU"]
    assert {entitlement.rpartition("@")[2] for entitlement in in_koivu.claims["entitlements"]} == {"KOIVU"}
    in_ranta = teacher.told(teacher.choose(teacher.ask(prompt="select_account"), "RANTA"))
    assert in_ranta.roles == ["opettaja@RANTA"]
    assert in_ranta.claims["capacity"]["id"] != in_koivu.claims["capacity"]["id"]


def test_an_employment_ended_in_the_hr_file_takes_the_roles_and_explain_names_the_line(world: Consortium) -> None:
    teacher = Visitor(world)
    before = teacher.told(teacher.choose(teacher.enter(TEACHER), "KOIVU"))
    held = world.explain(TEACHER, "--application", "wilma")["rights"]
    assert {right["scope_key"] for right in held} == {"KOIVU", "RANTA", "OPISTO"}
    line = world.end_employment("P1001-1", yesterday())

    report = world.run()

    assert report.exit_code == 0, report.reasons
    refused = teacher.refresh(before)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_grant")
    again = Visitor(world)
    assert again.told(again.enter(TEACHER)).roles == ["opettaja@OPISTO"]
    said = world.explain(TEACHER)
    assert {(right["role"], right["scope_key"]) for right in said["ended"]} == {
        ("wilma:opettaja", "KOIVU"),
        ("wilma:opettaja", "RANTA"),
        ("oppimisymparisto:opettaja", "KOIVU"),
        ("oppimisymparisto:opettaja", "RANTA"),
    }
    for right in said["ended"]:
        assert datetime.fromisoformat(right["until"]) == clock.day_end(yesterday())
        assert right["ends_first"]["en"] == "the affiliation ends"
        employment = [
            fact for because in right["because"] for fact in because["facts"] if fact["fact"] == "affiliation"
        ]
        assert {(fact["source_key"], fact["file"], fact["line"]) for fact in employment} == {("hr", "hr.csv", line)}
    assert not {right["scope_key"] for right in said["rights"]} & {"KOIVU", "RANTA"}


def test_explain_says_why_not_when_the_only_employment_has_ended(world: Consortium) -> None:
    line = world.end_employment("P1002-1", yesterday())
    assert world.run().exit_code == 0
    said = world.explain("eero.malli", "--role", "wilma:rehtori")
    assert said["rights"] == []
    assert said["why_not"][0]["rule_key"] == "rehtori-wilmaan"
    assert said["why_not"][0]["failing"]["message"] == "It does not hold on that day."
    (ended,) = (right for right in said["ended"] if right["role"] == "wilma:rehtori")
    assert ended["because"][0]["facts"][0]["line"] == line
    words = world.iam("explain", "eero.malli").stdout
    assert f"Ended: {Texts('en').day(clock.day_end(yesterday()))} (the affiliation ends)" in words
    assert f"[Payroll hr.csv:{line}]" in words
    assert Visitor(world).enter("eero.malli").status_code == 403


@pytest.mark.parametrize("where", ["between two lines", "within a line"])
def test_half_of_the_hr_file_changes_nothing_and_says_why(world: Consortium, where: str) -> None:
    whole = world.hr.read_bytes()
    lines = whole.splitlines(keepends=True)
    half = b"".join(lines[: len(lines) // 2])
    world.hr.write_bytes(half if where == "between two lines" else half[:-20])
    before = world.rows("affiliation", "assignment", "change", "record")

    done = world.iam("source", "run", "hr")

    assert done.exit_code == 3, done.output
    said = {
        "between two lines": (
            f"The file has {len(lines) // 2 - 1} rows, the previous one had {len(lines) - 1}. Nothing was changed."
        ),
        "within a line": "The data ends in the middle",
    }
    assert said[where] in done.stdout
    assert world.rows("affiliation", "assignment", "change", "record") == before
    teacher = Visitor(world)
    assert teacher.told(teacher.choose(teacher.enter(TEACHER), "KOIVU")).roles == ["opettaja@KOIVU"]


def test_the_psychologist_has_her_role_while_the_agreement_runs_and_none_after_it_without_any_job(
    world: Consortium, at: Callable[[datetime], None]
) -> None:
    end = _end_of_agreement(world)
    before = world.rows(*KNOWN)
    at(end - timedelta(minutes=2))
    psychologist = Visitor(world)
    told = psychologist.told(psychologist.enter(PSYCHOLOGIST))
    assert (told.roles, _rights(world)) == (WELFARE_ROLES, {("psykologi", scope, end) for scope in WELFARE_SCOPES})
    assert told.token["expires_in"] <= 120
    at(end)
    assert _rights(world) == set()
    assert psychologist.refresh(told).get_json()["error"] == "invalid_grant"
    assert Visitor(world).enter(PSYCHOLOGIST).status_code == 403
    assert world.rows(*KNOWN) == before


@pytest.mark.parametrize("world", [WORLDS[1]], indirect=True)
def test_at_midnight_all_37_of_student_welfare_have_lost_both_scopes_in_every_new_token_without_any_job(
    world: Consortium, tmp_path: Path, at: Callable[[datetime], None]
) -> None:
    logins = _accounts_of_student_welfare(world, tmp_path / "accounts.yaml")
    assert len(logins) == 37
    end = _end_of_agreement(world)
    before = world.rows(*KNOWN)
    at(end - timedelta(minutes=2))
    visits = {login: Visitor(world) for login in logins}
    told = {login: visit.told(visit.enter(login, PASSWORDS.get(login, PASSPHRASE))) for login, visit in visits.items()}
    given = Counter(tuple(one.roles) for one in told.values())
    assert given == {
        tuple(f"{occupation}@{scope}" for scope in WELFARE_SCOPES): count
        for occupation, count in (("psykologi", 12), ("kuraattori", 13), ("terveydenhoitaja", 12))
    }
    assert all(one.token["expires_in"] <= 120 for one in told.values())
    at(end)
    for login, visit in visits.items():
        assert visit.refresh(told[login]).get_json()["error"] == "invalid_grant"
        assert Visitor(world).enter(login, PASSWORDS.get(login, PASSPHRASE)).status_code == 403
    assert world.rows(*KNOWN) == before


@pytest.mark.parametrize("world", [WORLDS[0], WORLDS[2]], indirect=True)
def test_an_agreement_ended_early_is_felt_at_once(world: Consortium, tmp_path: Path) -> None:
    psychologist = Visitor(world)
    told = psychologist.told(psychologist.enter(PSYCHOLOGIST))
    assert told.roles == WELFARE_ROLES
    _end_agreement(world, tmp_path, yesterday())
    assert psychologist.refresh(told).get_json()["error"] == "invalid_grant"
    assert Visitor(world).enter(PSYCHOLOGIST).status_code == 403


def test_the_same_file_again_changes_nothing(world: Consortium) -> None:
    before = world.rows("affiliation", "assignment", "record", "person_profile")
    report = world.run()
    assert (report.state, report.counts["unchanged"]) == ("done", report.counts["rows"])
    assert world.rows("affiliation", "assignment", "record", "person_profile") == before


def test_the_whole_file_with_most_of_a_school_ended_is_held_until_a_second_administrator_accepts(
    world: Consortium,
) -> None:
    numbers = [
        line.split(";")[5] for line in world.hr.read_text(encoding="utf-8").splitlines()[1:] if ";KOIVU;" in line
    ]
    for number in numbers:
        world.end_employment(number, yesterday())
    held = world.run()
    assert (held.exit_code, held.state) == (3, "held")
    teacher = Visitor(world)
    assert teacher.told(teacher.choose(teacher.enter(TEACHER), "KOIVU")).roles == ["opettaja@KOIVU"]
    accepted = runner.accept(world.sessions, world.vault, "hr", world.actor(ACCEPTER))
    assert accepted.exit_code == 0
    assert {right["scope_key"] for right in world.explain(TEACHER, "--application", "wilma")["rights"]} == {"OPISTO"}


def _accounts_of_student_welfare(world: Consortium, file: Path) -> list[str]:
    """Give everybody of the county's student welfare an account; return the logins."""
    with world.hr.open(encoding="utf-8", newline="") as rows:
        all_rows = csv.DictReader(rows, delimiter=";")
        numbers = [row["henkilonumero"] for row in all_rows if row["yksikko_koodi"] == "hva-opiskeluhuolto"]
    of_the_table = {one.number: one.login for one in TRY}
    accounts = [
        {
            "login": f"welfare.{number}",
            "person": {"identifier": "employee-number", "issuer": "hr", "value": number},
            "password": PASSPHRASE,
        }
        for number in numbers
        if int(number) not in of_the_table
    ]
    file.write_text(yaml.safe_dump({"accounts": accounts}), encoding="utf-8")
    world.apply(file)
    return [of_the_table.get(int(number), f"welfare.{number}") for number in numbers]


def _rights(world: Consortium) -> set[tuple[str, str, datetime]]:
    """The psychologist's rights at the clock's present: role, scope and end."""
    person_id = world.actor(PSYCHOLOGIST).person_id
    assert person_id is not None
    with world.sessions() as session:
        return {(right.role_key, right.scope_key, right.valid_to) for right in rights(session, person_id, None)}


def _end_of_agreement(world: Consortium) -> datetime:
    query = (
        select(AgreementTerm.valid_to)
        .join(Agreement, Agreement.id == AgreementTerm.agreement_id)
        .where(Agreement.key == WELFARE_AGREEMENT, AgreementTerm.closed_by.is_(None))
    )
    with world.sessions() as session:
        end = session.scalars(query).one()
    assert end > datetime.now(UTC)
    return end


def _end_agreement(world: Consortium, folder: Path, last: date) -> None:
    """Declare the welfare agreement again, in force until ``last``."""
    declared = yaml.safe_load((world.feeds / "consortium.yaml").read_text(encoding="utf-8"))["agreements"]
    agreement = next(one for one in declared if one["key"] == WELFARE_AGREEMENT)
    term = {"from": min(agreement["in_force"]["from"], last), "to": last}
    file = folder / "agreement.yaml"
    file.write_text(
        yaml.safe_dump({"agreements": [agreement | {"in_force": term}]}, allow_unicode=True), encoding="utf-8"
    )
    world.apply(file)
