"""Runs that a page starts: each in a process of its own, so that what hangs or dies keeps nobody waiting and says why."""

from __future__ import annotations

import os
import signal
import socket
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from iam.database.bulk import is_postgresql
from iam.directory.source import Run, Source
from iam.errors import Conflict
from iam.sources import background, lease
from iam.sources.background import Workplace
from tests.kit.worlds.source import World, build, rows

PATIENCE = 60
SILENT = "hakemisto"


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    """A payroll that was loaded, and a directory."""
    made = build(engine, tmp_path)
    made.load(rows(range(3)))
    made.change_source(settings={"path": str(made.file)})
    return made


@pytest.fixture
def place(world: World, tmp_path: Path) -> Workplace:
    until(lambda: not _children())
    key = tmp_path / "vault.key"
    key.write_bytes(b64encode(bytes(range(32))) + b"\n")
    key.chmod(0o600)
    return Workplace(world.engine, key, "info", 4096, 3)


@pytest.fixture
def silent(world: World) -> Iterator[None]:
    """A directory that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = {
            "url": f"ldap://127.0.0.1:{server.getsockname()[1]}",
            "plaintext": True,
            "bind_dn": "cn=avain,dc=mansikkala,dc=example",
            "bind_password": "salainen",
            "base_dn": "dc=mansikkala,dc=example",
            "deadline_seconds": 300,
        }
        world.add_source(SILENT, "ldap", settings)
        yield


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def ended(world: World, run_id: UUID) -> Run:
    """Wait for the end of a run and return its record."""
    found: list[Run] = []

    def over() -> bool:
        with world.sessions() as session:
            found[:] = [session.get_one(Run, run_id)]
        return found[0].ended_at is not None

    until(over)
    return found[0]


def process() -> int:
    """The one process of a run that is under way."""
    until(_children)
    (found,) = _children()
    return int(found)


def _children() -> list[str]:
    here = Path(f"/proc/{os.getpid()}/task")
    told = [pid for task in here.iterdir() for pid in (task / "children").read_text().split()]
    return [pid for pid in told if b"page_run" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def beats(world: World) -> bool:
    with world.sessions() as session:
        return is_postgresql(session)


def test_a_run_that_a_page_starts_reads_and_says_who_started_it(world: World, place: Workplace) -> None:
    world.write(rows(range(4)))
    run = ended(world, background.start(place, "hr", world.clerk))
    assert (run.state, run.actor_person_id, run.counts["rows"]) == ("done", world.clerk.person_id, 4)
    assert len(world.affiliations()) == 4


def test_a_dry_run_that_a_page_starts_changes_nothing(world: World, place: Workplace) -> None:
    world.write(rows(range(4)))
    run = ended(world, background.start(place, "hr", world.clerk, dry_run=True))
    assert (run.state, run.dry_run, len(world.affiliations())) == ("done", True, 3)


@pytest.mark.parametrize(
    ("number", "why"),
    [(signal.SIGALRM, "longer than the source allows"), (signal.SIGKILL, "ended without an answer")],
)
@pytest.mark.usefixtures("silent")
def test_a_source_that_is_silent_keeps_no_other_waiting_and_its_run_says_why_it_was_ended(
    world: World, place: Workplace, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    hangs = background.start(place, SILENT, world.clerk)
    world.write(rows(range(4)))
    monkeypatch.setattr(background, "PATIENCE", 0.1)
    pid = process()
    if beats(world):
        assert ended(world, background.start(place, "hr", world.clerk)).state == "done"
        with pytest.raises(Conflict, match="running already"):
            background.start(place, SILENT, world.clerk)
    else:
        with pytest.raises(Conflict, match="As many sources"):
            background.start(place, "hr", world.clerk)
    os.kill(pid, number)
    run = ended(world, hangs)
    assert run.state == "failed"
    assert why in run.reasons[0]["message"]
    monkeypatch.undo()
    assert ended(world, background.start(place, "hr", world.clerk)).state == "done", "the place is free again"


@pytest.mark.usefixtures("silent")
def test_where_a_run_stands_is_told_while_it_is_under_way(world: World, place: Workplace) -> None:
    if not beats(world):
        return
    run_id = background.start(place, SILENT, world.clerk)

    def told() -> bool:
        with world.sessions() as session:
            return "read" in session.get_one(Run, run_id).phases

    until(told)
    os.kill(process(), signal.SIGKILL)
    assert ended(world, run_id).state == "failed"


@pytest.mark.usefixtures("silent")
def test_no_more_run_at_a_time_than_may(world: World, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = background.start(place, SILENT, world.clerk)
    monkeypatch.setattr(background, "PATIENCE", 0.1)
    with pytest.raises(Conflict, match="As many sources"):
        background.start(replace(place, most=1), "hr", world.clerk)
    with world.sessions() as session:
        leased = session.query(Source.leased_by).filter(Source.key == "hr").scalar()
    assert leased is None, "whoever may not begin takes nothing"
    os.kill(process(), signal.SIGKILL)
    ended(world, hangs)


def test_a_run_that_needs_more_memory_than_it_may_have_stops_only_itself(world: World, place: Workplace) -> None:
    world.write(rows(range(4)))
    run = ended(world, background.start(replace(place, memory=60), "hr", world.clerk))
    assert run.state == "failed"
    assert len(world.affiliations()) == 3
    assert ended(world, background.start(place, "hr", world.clerk)).state == "done"


def test_a_run_taken_by_a_page_is_left_alone_by_the_lease_of_another(world: World, place: Workplace) -> None:
    report = lease.take(world.sessions, "hr", world.clerk, False)
    with pytest.raises(Conflict, match="running already"):
        background.start(place, "hr", world.clerk)
    lease.let_go(world.sessions, "hr", world.clerk, report)
    assert ended(world, background.start(place, "hr", world.clerk)).state == "done"
