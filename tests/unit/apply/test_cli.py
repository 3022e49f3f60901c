"""``iam apply`` and ``iam export`` as typed: what they print, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.audit.log import AuditEvent

from .conftest import EVERYTHING, Run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The small consortium in a file."""
    path = tmp_path / "consortium.yaml"
    path.write_text(EVERYTHING, encoding="utf-8")
    return path


def test_apply_prints_a_short_table_and_counts_and_then_nothing_more_to_do(run: Run, file: Path) -> None:
    first = run("apply", "-f", file, "--set", "DATA=/srv")
    assert first.exit_code == 0, first.output
    assert "+ organisation   mansikkala" in first.output
    assert first.output.splitlines()[-1] == "21 created, 0 changed, 0 as stated already. Rights: 2 opened, 0 closed."
    assert run("apply", "-f", file, "--set", "DATA=/srv").output == "0 created, 0 changed, 21 as stated already.\n"


def test_a_dry_run_shows_what_would_change_without_secrets(run: Run, file: Path) -> None:
    run("apply", "-f", file, "--set", "DATA=/srv")
    file.write_text(EVERYTHING.replace("3Vt8mQz0", "9Vt8mQz1").replace("fi: Wilma}", "fi: Helmi}"), encoding="utf-8")
    shown = run("apply", "-f", file, "--set", "DATA=/srv", "--dry-run").output
    assert "~ application  wilma\n               name.fi: Wilma → Helmi\n" in shown
    assert "~ client       wilma\n               secret\n" in shown
    assert "9Vt8" not in shown
    assert shown == run("apply", "-f", file, "--set", "DATA=/srv", "--dry-run").output


def test_problems_are_listed_with_exit_code_2_and_nothing_is_done(run: Run, file: Path, engine: Engine) -> None:
    file.write_text(
        EVERYTHING.replace("parent: perusopetus", "parent: nowhere").replace("by token", "by magic"), encoding="utf-8"
    )
    result = run("apply", "-f", file, "--set", "DATA=/srv")
    assert result.exit_code == 2
    assert "organisations[4].parent: There is no organisation nowhere." in result.output
    assert "applications[0].roles[2].enforcement: There is no such value." in result.output
    with Session(engine) as session:
        assert session.scalars(select(AuditEvent)).all() == []


def test_apply_and_problems_in_json(run: Run, file: Path) -> None:
    told = json.loads(run("apply", "-f", file, "--set", "DATA=/srv", "--json").output)
    assert told["counts"] == {"create": 21, "change": 0, "none": 0}
    assert told["rights"] == {"opened": 2, "closed": 0}
    wrong = run("apply", "-f", file, "--json")
    assert wrong.exit_code == 2
    assert "DATA has no value." in json.loads(wrong.output)["problems"][0]


@pytest.mark.parametrize("words", ["DATA", "=x", "A B=x"])
def test_a_variable_that_is_no_name_and_value_is_refused(run: Run, file: Path, words: str) -> None:
    result = run("apply", "-f", file, "--set", words)
    assert result.exit_code == 2
    assert "NAME=VALUE" in result.output


def test_the_export_can_be_applied_and_is_in_the_log(run: Run, file: Path, engine: Engine) -> None:
    run("apply", "-f", file, "--set", "DATA=/srv")
    text = run("export").output
    file.write_text(text, encoding="utf-8")
    assert run("apply", "-f", file).output.startswith("0 created, 0 changed")
    assert [row["rule"] for row in json.loads(run("export", "--json").output)["rules"]] == [
        "opettaja-wilmaan",
        "psykologi-wilmaan",
    ]
    with Session(engine) as session:
        assert "config:file:exported" in set(session.scalars(select(AuditEvent.type)))


def test_only_an_administrator_of_the_whole_may_apply_and_export(run: Run, file: Path) -> None:
    file.write_text(
        EVERYTHING.replace("organisation: konsortio, permissions", "organisation: mansikkala, permissions"),
        encoding="utf-8",
    )
    run("apply", "-f", file, "--set", "DATA=/srv")
    for words in (("export",), ("apply", "-f", str(file), "--set", "DATA=/srv")):
        part = run(*words, "--as", "pirkko.psykologi")
        assert part.exit_code == 1, part.output
        assert "your part is smaller" in part.output
        assert run(*words, "--as", "aino.esimerkki").exit_code == 1
    file.write_text(EVERYTHING, encoding="utf-8")
    run("apply", "-f", file, "--set", "DATA=/srv")
    assert run("export", "--as", "pirkko.psykologi").exit_code == 0
