"""The states of a run: one list, which everything that tells or counts them knows."""

from __future__ import annotations

from admin_ui import run_words
from iam.cli import source
from iam.directory.source import RUN_STATES
from iam.sources.report import EXIT


def test_every_state_of_a_run_that_is_over_has_an_exit_code() -> None:
    assert set(EXIT) == set(RUN_STATES) - {"running"}


def test_every_state_of_a_run_has_its_word_on_the_pages_and_the_command_line() -> None:
    assert set(RUN_STATES) <= set(run_words.STATES)
    assert set(source.STATES) == set(RUN_STATES) - {"running"}
