"""A whole night by schedule, over every connector and its real server or simulator: one lies, one hangs, one is killed,
and no other is harmed. On PostgreSQL: SQLite lets one run write at a time."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from connectors.simulators.oneroster import Roster, Simulator
from iam import clock, settings
from iam.cli.operating import runs as scheduled
from iam.cli.operating.runs import Runs
from iam.delivery.outbox import Message
from iam.directory.source import Run, Source
from iam.settings import Settings
from iam.sources import alarms
from tests.kit.factories import access
from tests.kit.feeds import sds
from tests.kit.feeds.csv_inputs import FIXTURES
from tests.kit.feeds.exhibits import rest_settings
from tests.kit.feeds.roster import FILES, folder
from tests.kit.servers.slapd import READER, READER_PASSWORD, SUFFIX, Slapd
from tests.kit.servers.sshd import Sshd
from tests.kit.worlds.source import World, build

PATIENCE = 120
WELL = ("hr-tiedosto", "hr-sftp", "hakemisto", "koulu-tiedosto", "koulu-rest", "sds-tiedosto")
AMISS = ("valehteleva", "roikkuva", "kuoleva")

pytestmark = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.services)], indirect=True
)


@pytest.fixture
def world(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An installation that other processes find, with somebody who is told."""
    made = build(engine, tmp_path)
    key = tmp_path / "vault.key"
    key.write_bytes(b64encode(bytes(range(32))) + b"\n")
    key.chmod(0o600)
    monkeypatch.setenv("IAM_DATABASE__URL", made.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("IAM_VAULT__KEY_FILE", str(key))
    settings.load.cache_clear()
    with made.sessions.begin() as session:
        assert made.second.person_id is not None
        access.admin_grant(session, made.second.person_id, "sources.accept", made.ids["mansikkala"])
    return made


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a directory that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"ldap://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def schools(tmp_path: Path) -> Iterator[tuple[Simulator, Simulator]]:
    """A school system that tells the truth, and one that does not."""
    bundle = folder(tmp_path)
    with Simulator(Roster.of_bundle(bundle)) as honest, Simulator(Roster.of_bundle(bundle)) as lying:
        lying.break_down("lying-total")
        yield honest, lying


def directory(url: str, **more: Any) -> dict[str, Any]:
    usual = {"url": url, "bind_dn": READER, "bind_password": READER_PASSWORD, "base_dn": SUFFIX}
    return {**usual, **more}


def add(world: World, key: str, connector: str, told: Mapping[str, Any]) -> None:
    """Add a source that was due two minutes ago and is not again before next year: a minute that passes meanwhile makes
    nothing due."""
    world.add_source(key, connector, told)
    due = (clock.now() - timedelta(minutes=2)).astimezone(ZoneInfo(clock.HELSINKI))
    schedule = f"{due.minute} {due.hour} {due.day} {due.month} *"
    world.of(key).change_source(schedule=schedule, scheduled_at=clock.now() - timedelta(minutes=5))


def payroll(at: Path) -> Path:
    at.mkdir()
    return Path(shutil.copy(FIXTURES / "good.csv", at / "hr_20260915.csv"))


def bundle(at: Path, files: Mapping[str, str]) -> str:
    at.mkdir()
    return str(folder(at, files))


def states(session: Session) -> dict[str, str]:
    """How the last run of each source stands."""
    rows = session.execute(select(Source.key, Run.state).join(Run, Run.source_id == Source.id).order_by(Run.id))
    return dict(rows.all())


def test_one_lies_one_hangs_one_is_killed_and_each_other_is_read_and_who_answers_is_told(
    world: World,
    tmp_path: Path,
    slapd: Slapd,
    sshd: Sshd,
    silent: str,
    schools: tuple[Simulator, Simulator],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest, lying = schools
    hanging = directory(silent, plaintext=True, deadline_seconds=300)
    remote = payroll(tmp_path / "etana").parent
    add(world, "roikkuva", "ldap", hanging)
    add(world, "kuoleva", "ldap", hanging)
    add(world, "valehteleva", "oneroster-rest", rest_settings(lying))
    add(world, "hr-tiedosto", "hr", {"path": str(payroll(tmp_path / "palkat"))})
    add(world, "hr-sftp", "hr", {"sftp": sshd.settings(remote), "pattern": "hr_*.csv", "settle_seconds": 0})
    add(world, "hakemisto", "ldap", directory(slapd.ldaps_url, ca_file=str(slapd.ca_file)))
    add(world, "koulu-tiedosto", "oneroster", {"path": bundle(tmp_path / "oneroster", FILES)})
    add(world, "koulu-rest", "oneroster-rest", rest_settings(honest))
    add(world, "sds-tiedosto", "sds", {"path": bundle(tmp_path / "sds", sds.FILES)})

    runs = Runs(Settings.model_validate({"worker": {"runs": 4}}))
    end, real = time.monotonic() + PATIENCE, time.monotonic
    killed = late = False
    while True:
        with world.sessions.begin() as session:
            runs(session)
            now = states(session)
        if not killed and now.get("kuoleva") == "running":
            os.kill(runs._running["kuoleva"].process.pid, signal.SIGKILL)
            killed = True
        if all(now.get(key, "running") != "running" for key in (*WELL, "valehteleva", "kuoleva")) and not late:
            monkeypatch.setattr(scheduled.time, "monotonic", lambda: real() + 3 * 3600)
            late = True
        if late and now["roikkuva"] != "running":
            break
        assert real() < end, now
        time.sleep(0.2)
    runs.close()

    assert {key: now[key] for key in WELL} == dict.fromkeys(WELL, "held"), "first runs, which a second person looks at"
    assert {now[key] for key in AMISS} <= {"failed", "stopped"}
    with world.sessions.begin() as session:
        alarms.amiss(session)
        told = session.scalars(select(Message.payload).where(Message.kind == alarms.KIND)).all()
        leased = session.scalar(select(func.count()).where(Source.leased_by.is_not(None)))
    assert sorted(one["source"] for one in told) == sorted(AMISS)
    assert leased == 0, "each source is free again"
