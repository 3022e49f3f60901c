"""A run whose process cannot start says so at once, and keeps nobody from trying again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from iam.directory.source import Run, Source
from iam.sources import background, lease
from iam.sources.background import Workplace
from tests.kit.worlds.source import build, rows


def test_a_run_that_cannot_start_has_failed_and_its_source_is_free(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(engine, tmp_path)
    world.load(rows(range(3)))
    world.change_source(settings={"path": str(world.file)})
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    place = Workplace(world.engine, tmp_path / "vault.key", "info", 4096, 1)
    # With one place for runs the second finds it only if the first gave it back.
    for _ in range(2):
        run_id = background.start(place, "hr", world.clerk)
        with world.sessions() as session:
            run = session.get_one(Run, run_id)
            assert (run.state, run.ended_at is not None) == ("failed", True)
            assert [reason["message"] for reason in run.reasons] == [lease.NOT_STARTED.message]
            assert session.get_one(Source, run.source_id).leased_by is None
