"""The demonstration consortium for tests: set up once a test run, copied for each who needs it, in process or served.

``prepared`` sets it up, as ``iam demo run`` does, from feed files to named people. ``Consortium`` is a copy to do
anything to; ``DemoServer`` is ``iam demo run`` itself, on free ports.
"""

from __future__ import annotations

import csv
import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner, Result
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from iam import clock, settings
from iam.app import create_app
from iam.apply.guarded import Held
from iam.apply.run import run_apply
from iam.change import SYSTEM, Actor
from iam.cli import main
from iam.cli.demo.run import ACCEPTER, STARTER, set_up
from iam.cli.demo_state import ISSUER, RELYING, settings_for
from iam.database.engine import make_engine, make_sessions
from iam.demo.people import TRY
from iam.settings import Database, Settings
from iam.signin.passwords import credentials
from iam.sources import runner
from iam.sources.report import Report
from iam.vault import Vault
from iam.web import extension
from tests.kit.servers.ports import answers, free_port
from tests.kit.servers.process import Server

ROOT = Path(__file__).parents[3]
DECLARATIONS = ROOT / "deploy" / "demo"
SMALL = ("small", "marjala")
"""Profile and seed of ``make run``."""
NORMAL = ("normal", "hiljainen-harju-4711")
"""A whole consortium of people whom nobody has seen before."""
PASSWORDS = {person.login: person.password for person in TRY}
SCHOOLS = {"KOIVU": "Koivurinteen koulu", "RANTA": "Rantapuiston koulu"}
_TODAY = clock.today()


def prepared(factory: pytest.TempPathFactory, profile: str, seed: str) -> Path:
    """Return the state folder of ``iam demo run --prepare-only``: made by whichever test worker comes first, and never
    changed."""
    shared = factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    state = shared / f"consortium-{profile}"
    with (shared / f"consortium-{profile}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (state / "feeds" / "done").exists():
            shutil.rmtree(state, ignore_errors=True)
            done = prepare(state, "--profile", profile, "--seed", seed)
            assert done.returncode == 0, done.stdout + done.stderr
            with closing(sqlite3.connect(state / "demo.db")) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return state


def prepare(state: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run ``iam demo run --prepare-only`` over a state folder."""
    command = [sys.executable, "-m", "iam.cli", "demo", "run", "--prepare-only", "--state", str(state), *options]
    surroundings = environment() | {"PYTHONWARNINGS": "error"}
    return subprocess.run(command, check=False, cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=300)


def make(given: Settings, profile: str, seed: str) -> None:
    """Set a consortium up in an empty database and state folder."""
    engine = make_engine(given.database.url.get_secret_value())
    vault = Vault.open(given.vault.key_file)
    set_up(given, make_sessions(engine), vault, given.state_dir / "feeds", DECLARATIONS, profile, seed)
    engine.dispose()


class Consortium:
    """A copy of a consortium in a folder of its own, with its HR file. ``close`` it."""

    def __init__(
        self, original: Path, state: Path, *, url: str | None = None, issuer: str = ISSUER, relying: str = RELYING
    ) -> None:
        """Copy ``original``; ``url`` is a copy of its database elsewhere. The application answers at ``relying``."""
        shutil.copytree(original, state, ignore=shutil.ignore_patterns("demo.db*") if url else None)
        self.settings, self.relying = settings_for(state, issuer), relying
        if url:
            self.settings = self.settings.model_copy(update={"database": Database(url=SecretStr(url))})
        self.vault = Vault.open(self.settings.vault.key_file)
        self.engine: Engine = make_engine(self.settings.database.url.get_secret_value())
        self.sessions: sessionmaker[Session] = make_sessions(self.engine)
        self._move_in()

    def _move_in(self) -> None:
        """Declare where the copy's feeds lie and where its application answers."""
        applications = (DECLARATIONS / "10-applications.yaml").read_text(encoding="utf-8")
        moved = self.settings.state_dir / "10-applications.yaml"
        moved.write_text(applications.replace(RELYING, self.relying), encoding="utf-8")
        self.apply(moved, DECLARATIONS / "30-sources.yaml")

    def apply(self, *files: Path) -> None:
        """Apply declarations; nothing may be wrong with them. What waits for a second person is accepted by one of the
        operators."""
        held = self._apply(files, SYSTEM)
        if held is not None:
            assert self._apply(files, self.actor(ACCEPTER), held.digest) is None

    def _apply(self, files: Sequence[Path], actor: Actor, accept: str | None = None) -> Held | None:
        data = {"DATA": str(self.feeds.resolve())}
        with self.sessions.begin() as session:
            report = run_apply(session, list(files), data, actor, self.vault, accept=accept)
        assert list(report.problems) == []
        return report.held

    @property
    def feeds(self) -> Path:
        """The folder of the feed files."""
        return self.settings.state_dir / "feeds"

    @property
    def hr(self) -> Path:
        """The HR file."""
        return self.feeds / "hr.csv"

    @cached_property
    def app(self) -> Flask:
        """The provider, in this process."""
        return create_app(self.settings)

    def close(self) -> None:
        """Give the database's connections back."""
        if "app" in self.__dict__:
            extension.engine_of(self.app).dispose()
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def actor(self, login: str = STARTER) -> Actor:
        """Return a person of the consortium as one who acts."""
        with self.sessions() as session:
            found = credentials.find(session, login)
        assert found is not None
        return Actor(found.person_id)

    def run(self, source: str = "hr") -> Report:
        """Run a source as the first operator."""
        return runner.run(self.sessions, self.vault, source, self.actor())

    def end_employment(self, number: str, last: date) -> int:
        """Give the employment ``number`` of the HR file ``last`` as its last day; return its line in the file.

        One that began later than that began on that day.
        """
        with self.hr.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter=";"))
        columns = {name: n for n, name in enumerate(rows[0])}
        (found,) = (n for n, row in enumerate(rows) if row[columns["palvelussuhdenumero"]] == number)
        row = rows[found]
        row[columns["paattymispvm"]] = _finnish(last)
        day, month, year = map(int, row[columns["alkamispvm"]].split("."))
        row[columns["alkamispvm"]] = _finnish(min(date(year, month, day), last))
        with self.hr.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";", lineterminator="\n").writerows(rows)
        return found + 1

    def iam(self, *arguments: str) -> Result:
        """Run an ``iam`` command on this consortium as the operator of the machine, in English; never raises for its
        code."""
        settings.load.cache_clear()
        result = CliRunner().invoke(main, arguments, env=settings_of(self.settings) | {"LC_ALL": "C.UTF-8"})
        settings.load.cache_clear()
        return result

    def explain(self, login: str, *arguments: str) -> dict[str, Any]:
        """Return what ``iam explain LOGIN … --json`` says."""
        done = self.iam("explain", login, *arguments, "--json")
        assert done.exit_code == 0, done.output
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def rows(self, *tables: str) -> dict[str, list[str]]:
        """Return the whole content of tables, sorted."""
        with self.engine.connect() as connection:
            return {
                name: sorted(map(str, connection.execute(text(f'SELECT * FROM "{name}"')).all())) for name in tables
            }


def environment() -> dict[str, str]:
    """Return the tests' environment without any ``IAM_`` variable."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("IAM_")}
    return inherited | {"PYTHONPATH": str(ROOT)}


def settings_of(given: Settings) -> dict[str, str]:
    """Return a consortium's settings as a process is told them."""
    return {
        "IAM_DATABASE__URL": given.database.url.get_secret_value(),
        "IAM_VAULT__KEY_FILE": str(given.vault.key_file),
        "IAM_STATE_DIR": str(given.state_dir),
        "IAM_ISSUER": given.issuer,
    }


def yesterday() -> date:
    """Return the day before the one on which the tests began: the same one though midnight pass."""
    return _TODAY - timedelta(days=1)


def _finnish(day: date) -> str:
    return f"{day.day}.{day.month}.{day.year}"


class DemoServer(Server):
    """``iam demo run`` on a prepared state folder and two ports of its own; it is ready when both answer."""

    name = "demo"

    def __init__(self, state: Path, issuer: str, relying: str) -> None:
        super().__init__()
        self.state, self.issuer, self.relying = state, issuer, relying
        self.management_port = free_port()

    def environment(self) -> Mapping[str, str]:
        """See ``Server``."""
        port = {"IAM_LISTEN__MANAGEMENT_PORT": str(self.management_port)}
        # Applications of tests are told of a sign-out on this machine.
        port["IAM_EGRESS__HOSTS"] = '["localhost", "127.0.0.1"]'
        return environment() | port | {"PYTHONUNBUFFERED": "1", "COLUMNS": "160"}

    def command(self) -> list[str]:
        """See ``Server``."""
        where = [
            "--state",
            str(self.state),
            "--consortium",
            str(DECLARATIONS),
            "--issuer",
            self.issuer,
            "--relying",
            self.relying,
        ]
        return [sys.executable, "-m", "iam.cli", "demo", "run", *where]

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port it listens on."""
        return (*(int(urlsplit(address).port or 0) for address in (self.issuer, self.relying)), self.management_port)

    def ready(self) -> bool:
        """Whether it has said that it runs, and both answer."""
        try:
            return (
                "Ctrl-C" in self.log_tail()
                and requests.get(f"{self.issuer}/healthz", timeout=2).ok
                and answers(self.ports[1])
            )
        except requests.RequestException:
            return False


@contextmanager
def served(original: Path, folder: Path) -> Iterator[tuple[Consortium, DemoServer]]:
    """Serve a copy of a prepared consortium on free ports; the copy may be changed while it is served."""
    issuer, relying = (f"http://localhost:{free_port()}" for _ in range(2))
    state = folder / "state"
    with (
        Consortium(original, state, issuer=issuer, relying=relying) as consortium,
        DemoServer(state, issuer, relying) as server,
    ):
        yield consortium, server
