"""The states of a run: everything that tells or counts them knows the same."""

from __future__ import annotations

from admin_ui.feeds import run_words
from iam.cli import source
from iam.sources.report import EXIT


def test_every_state_of_a_run_that_is_over_has_an_exit_code_and_its_word_on_the_pages_and_the_command_line() -> None:
    assert set(source.STATES) == set(EXIT)
    assert {"running", *EXIT} <= set(run_words.STATES)
