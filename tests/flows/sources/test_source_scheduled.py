"""A night by schedule: each source is read in a process of its own, and one that lies, hangs or is killed harms no
other."""

from __future__ import annotations

import sys
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from iam import clock, settings
from iam.cli.operating import runs as scheduled
from iam.cli.operating.runs import Runs
from iam.delivery.outbox import Message
from iam.directory.source import Run, Source
from iam.settings import Settings
from iam.sources import alarms
from tests.kit.factories import access
from tests.kit.worlds.source import World, build, rows

TAKES = """
import os, signal, sys, time
import iam.models
from iam.change import SYSTEM
from iam.database.engine import make_engine, make_sessions
from iam.sources import lease

lease.take(make_sessions(make_engine(os.environ["IAM_DATABASE__URL"])), sys.argv[1], SYSTEM, False)
if sys.argv[1] == "kuoleva":
    os.kill(os.getpid(), signal.SIGKILL)
time.sleep(600)
"""
"""A run that takes its source and then hangs, or is killed."""
PATIENCE = 60


@pytest.fixture
def world(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A payroll that was loaded, read each minute, in an installation that other processes find."""
    made = build(engine, tmp_path)
    key = tmp_path / "vault.key"
    key.write_bytes(b64encode(bytes(range(32))) + b"\n")
    key.chmod(0o600)
    monkeypatch.setenv("IAM_DATABASE__URL", made.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("IAM_VAULT__KEY_FILE", str(key))
    settings.load.cache_clear()
    made.load(rows(range(3)))
    made.change_source(settings={"path": str(made.file)})
    due(made, "hr")
    return made


def due(world: World, key: str) -> None:
    world.of(key).change_source(schedule="* * * * *", scheduled_at=clock.now() - timedelta(minutes=5))


def command(key: str) -> Sequence[str]:
    if key in ("roikkuva", "kuoleva"):
        return sys.executable, "-c", TAKES, key
    return sys.executable, "-m", "iam.cli", "source", "run", key, "--memory", "4096"


def look(world: World, runs: Runs, until: Callable[[Session], object] = lambda _: True) -> None:
    """Look after the processes until something is so."""
    end = time.monotonic() + PATIENCE
    while True:
        # SQLite lets one write at a time; the worker, too, looks again then.
        with suppress(OperationalError), world.sessions.begin() as session:
            runs(session)
            if until(session):
                return
        assert time.monotonic() < end
        time.sleep(0.1)


def last(session: Session, key: str) -> Run | None:
    query = select(Run).join(Source, Source.id == Run.source_id).where(Source.key == key)
    return session.scalars(query.order_by(Run.id.desc()).limit(1)).first()


def stands(key: str, *states: str) -> Callable[[Session], bool]:
    def so(session: Session) -> bool:
        run = last(session, key)
        return run is not None and run.state in states and run.ended_at is not None

    return so


def test_a_source_is_read_by_itself_and_what_is_new_is_there(world: World) -> None:
    world.write(rows(range(4)))
    runs = Runs(Settings(), command)
    look(world, runs)
    with world.sessions.begin() as session:
        runs.finish(session)
    assert len(world.affiliations()) == 4
    with world.sessions() as session:
        run = last(session, "hr")
        assert run is not None
        assert (run.state, run.actor_person_id) == ("done", None)
    look(world, runs)
    runs.close()


def test_of_four_sources_one_lies_one_hangs_one_is_killed_and_the_fourth_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lying = world.file.with_name("valehtelee.csv")
    world.write(rows(range(3)), trailer=30)
    world.file.rename(lying)
    world.write(rows(range(4)))
    for key, path in (("valehteleva", lying), ("kuoleva", world.file), ("roikkuva", world.file)):
        world.add_source(key, "hr", {"path": str(path)})
        due(world, key)
    with world.sessions.begin() as session:
        assert world.second.person_id is not None
        access.admin_grant(session, world.second.person_id, "sources.accept", world.ids["mansikkala"])

    runs = Runs(Settings(), command)
    look(world, runs, stands("hr", "done"))
    look(world, runs, stands("kuoleva", "failed"))
    look(world, runs, lambda session: session.scalar(select(Source.leased_by).where(Source.key == "roikkuva")))
    real = time.monotonic
    monkeypatch.setattr(scheduled.time, "monotonic", lambda: real() + 3 * 3600)
    look(world, runs, stands("roikkuva", "failed"))
    look(world, runs, stands("valehteleva", "stopped"))
    runs.close()

    assert len(world.affiliations()) == 4
    with world.sessions.begin() as session:
        said = {
            key: [one["message"] for one in run.reasons]
            for key in ("roikkuva", "kuoleva")
            if (run := last(session, key))
        }
        assert "longer than the source allows" in said["roikkuva"][0]
        assert "ended without an answer" in said["kuoleva"][0]
        alarms.amiss(session)
        told = session.scalars(select(Message.payload).where(Message.kind == alarms.KIND)).all()
    assert sorted((one["source"], one["alarm"]) for one in told) == [
        ("kuoleva", "failed"),
        ("roikkuva", "failed"),
        ("valehteleva", "failed"),
    ]


def test_a_run_that_needs_more_memory_than_it_may_have_stops_only_itself(world: World) -> None:
    world.write(rows(range(4)))
    runs = Runs(Settings(), lambda key: (*command(key)[:-1], "60"))
    look(world, runs)
    with world.sessions.begin() as session:
        runs.finish(session)
    runs.close()
    assert len(world.affiliations()) == 3
    assert world.run().state == "done"
