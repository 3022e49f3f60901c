"""What is wrong in a declaration: every problem with its file, line, place and remedy, none with a value."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from iam.apply.run import run_apply
from iam.change import SYSTEM
from iam.vault import Vault
from tests.unit.apply.wrong_items import WRONG

from .conftest import EVERYTHING, Apply


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A database on SQLite only: nothing here gets as far as writing, so the other one would tell nothing more."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'avain.db')}"


def adding(kind: str, item: str) -> tuple[str, int, int]:
    """The whole consortium with one more item at the end of a kind; also the item's place in its list, and its line."""
    lines = EVERYTHING.splitlines()
    if f"{kind}:" not in lines:
        return "\n".join([*lines, f"{kind}:", item]), 0, len(lines) + 2
    start = lines.index(f"{kind}:") + 1
    end = next((n for n in range(start, len(lines)) if lines[n] and not lines[n].startswith(" ")), len(lines))
    return (
        "\n".join([*lines[:end], item, *lines[end:]]),
        sum(line.startswith("  - ") for line in lines[start:end]),
        end + 1,
    )


@pytest.mark.parametrize(
    ("kind", "item", "inside", "words"),
    WRONG,
    ids=[f"{kind}-{inside}-{n}" for n, (kind, _, inside, _) in enumerate(WRONG)],
)
def test_a_wrong_item_is_told_with_its_line_its_place_and_a_remedy(
    apply: Apply, kind: str, item: str, inside: str | None, words: str
) -> None:
    text, number, line = adding(kind, item)
    problems = apply(text).problems
    place = kind if inside is None else f"{kind}[{number}].{inside}".rstrip(".")
    found = [problem for problem in problems if problem.field == place]
    assert len(problems) == 1, [str(problem) for problem in problems]
    assert found, [str(problem) for problem in problems]
    assert words in str(found[0])
    assert found[0].remedy
    assert found[0].line == (line - 1 if inside is None else line)
    assert str(found[0].file).endswith("consortium.yaml")


def test_every_problem_of_a_declaration_is_told_at_once(apply: Apply) -> None:
    text = EVERYTHING.replace("enforcement: by token", "enforcement: sometimes").replace(
        "email: aino@example.org", "emial: aino@example.org"
    )
    assert [problem.field for problem in apply(text).problems] == [
        "applications[0].roles[0].enforcement",
        "applications[0].roles[1].enforcement",
        "applications[0].roles[2].enforcement",
        "persons[0].emial",
    ]


def test_the_line_is_that_of_the_setting_itself(apply: Apply) -> None:
    (problem,) = apply(EVERYTHING.replace("    email: aino@example.org", "    email: 17")).problems
    assert problem.line == EVERYTHING.splitlines().index("    email: aino@example.org") + 1


def test_a_problem_repeats_no_value(apply: Apply) -> None:
    text = EVERYTHING.replace("kolmas-koivu-kasvaa-1001", "lyhyt-sana").replace(
        "family_name: Esimerkki", "family_name: {salainen: nimi}"
    )
    told = " ".join(str(problem) for problem in apply(text).problems)
    assert not [value for value in ("lyhyt", "salainen: ", "nimi}") if value in told]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("organisations:\n  - {key: a\n  - b", 3),
        ("a: b: c", 1),
        ("rules: [\x00]", None),
        ("a: &a [*b]", 1),
        ("[a]: b", 1),
    ],
)
def test_what_is_not_yaml_is_told_with_its_line(apply: Apply, text: str, line: int | None) -> None:
    (problem,) = apply(text).problems
    assert problem.message == "This is not YAML."
    assert problem.line == line


def test_a_setting_that_is_stated_twice_is_told(apply: Apply) -> None:
    (problem,) = apply(
        EVERYTHING.replace("    email: aino@example.org", "    email: aino@example.org\n    email: a@example.org")
    ).problems
    assert (problem.field, problem.message) == ("persons[0].email", "This is stated twice.")


def test_aliases_within_aliases_do_not_grow_without_end(apply: Apply) -> None:
    text = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)
    )
    assert len(apply(text).problems) == 40


def test_a_name_without_a_value_is_told_and_values_are_put_in(apply: Apply) -> None:
    problem, _path_is_not_absolute = apply(EVERYTHING, variables={}).problems
    assert (problem.field, str(problem.params["name"])) == ("sources[0].settings.path", "DATA")
    assert "--set DATA=VALUE" in str(problem)


def test_a_value_that_is_put_in_may_be_a_day_a_number_or_a_truth(apply: Apply) -> None:
    text = (
        EVERYTHING.replace("2026-06-12", "'${DAY}'")
        .replace("section: 48", "section: '${N}'")
        .replace("legal_entity: true", "legal_entity: '${T}'")
    )
    assert not apply(text, variables={"DATA": "/srv", "DAY": "2026-06-12", "N": "48", "T": "true"}).problems


def test_a_file_that_is_not_there_brings_no_further_problems(session: Session, tmp_path: Path, vault: Vault) -> None:
    path = tmp_path / "access.yaml"
    path.write_text("applications: [{key: x, owner: nowhere, name: {fi: X}}]", encoding="utf-8")
    report = run_apply(session, [tmp_path / "gone.yaml", path], {}, SYSTEM, vault)
    assert [problem.message for problem in report.problems] == ["This file cannot be read."]


def test_a_folder_without_declarations_is_told(session: Session, tmp_path: Path, vault: Vault) -> None:
    (problem,) = run_apply(session, [tmp_path], {}, SYSTEM, vault).problems
    assert problem.message == "This folder has no file that ends in .yaml."


def test_an_organisation_that_could_not_be_read_is_not_reported_as_unknown(apply: Apply) -> None:
    text = EVERYTHING.replace("kind: municipality", "kind: town")
    assert [problem.field for problem in apply(text).problems] == ["organisations[1].kind"]


def test_a_client_of_another_application_is_not_taken_over(applied: Apply) -> None:
    other = "applications: [{key: x, owner: mansikkala, name: {fi: X}, clients: [{client_id: wilma, auth: none, redirect_uris: [https://x.example]}]}]"
    assert [problem.field for problem in applied(other).problems] == ["applications[0].clients[0].client_id"]


def test_a_login_is_not_given_to_another_kind_of_person(applied: Apply) -> None:
    text = 'accounts: [{login: aino.esimerkki, person: {identifier: employee-number, issuer: hr, value: "9"}}]'
    assert [problem.field for problem in applied(text).problems] == ["accounts[0].person"]


def test_a_parent_that_ends_before_its_units_is_told(applied: Apply) -> None:
    text = "organisations: [{key: perusopetus, kind: unit, parent: mansikkala, name: {fi: P}, to: 2027-12-31}]"
    (problem,) = applied(text).problems
    assert str(problem).endswith(
        "KOIVU would lie under nothing from 2028-01-01. Let its parent, and all above, last at least as long."
    )
