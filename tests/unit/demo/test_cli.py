"""``iam demo generate`` as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from iam.demo.cli import demo
from tests.unit.demo.conftest import Written


def test_the_command_writes_what_the_function_writes(tmp_path: Path, small: Written) -> None:
    done = CliRunner().invoke(demo, ["generate", "--out", str(tmp_path / "new"), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.output) == small.summary.as_dict()
    assert (tmp_path / "new" / "hr.csv").read_bytes() == small.bytes()["hr.csv"]


def test_the_command_says_in_words_what_it_wrote(tmp_path: Path) -> None:
    done = CliRunner().invoke(demo, ["generate", "--profile", "small", "--out", str(tmp_path), "--today", "2027-01-07"])
    assert done.exit_code == 0
    assert "7.1.2027" in done.output
    assert "18 guardian links" in done.output


def test_an_unknown_profile_and_a_wrong_day_are_refused(tmp_path: Path) -> None:
    for wrong in (["--profile", "huge"], ["--today", "15.9.2026"]):
        done = CliRunner().invoke(demo, ["generate", "--out", str(tmp_path / "none"), *wrong])
        assert done.exit_code == 2
    assert not (tmp_path / "none").exists()


def test_a_folder_that_cannot_be_written_is_told_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    done = CliRunner().invoke(demo, ["generate", "--out", str(tmp_path / "taken" / "below")])
    assert done.exit_code == 1
    assert "cannot be written" in done.output
