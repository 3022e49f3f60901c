"""What a terminal shows while a source is read: the phase in the reader's language, and the rows beside the last
run's."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from iam.cli.source import advance
from iam.texts import Texts


@pytest.fixture
def bar() -> Progress:
    return Progress(console=Console(file=io.StringIO()), disable=True)


def test_the_phase_is_told_in_words_beside_the_rows_of_the_last_good_run(bar: Progress) -> None:
    tell = advance(bar, Texts("fi"), 100)
    tell("read", 40)
    (task,) = bar.tasks
    assert (task.description, task.completed, task.total) == ("Luku ja tarkistus", 40, 100)
    tell("read", 140)
    assert task.total == 140, "more than the last time is no more than all"
    tell("write", 140)
    assert (task.description, task.completed) == ("Tietojen ja käyttöoikeuksien kirjoitus", 140)


def test_a_first_run_has_no_end_that_could_be_told(bar: Progress) -> None:
    advance(bar, Texts("en"), None)("read", 40)
    assert bar.tasks[0].total is None
