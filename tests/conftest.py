"""Fixtures of all tests: real servers (one set a worker), an empty migrated database a test, and a clock that stands
still."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from iam import clock
from iam.database.engine import make_engine
from iam.database.migrate import upgrade
from iam.tokens import jose
from tests.kit.hashes import AGREED, CHEAP, hash_with
from tests.kit.keys import KeyPool
from tests.kit.once import compile_once
from tests.kit.servers.avain import Avain
from tests.kit.servers.connections import keep_connections
from tests.kit.servers.databases import Databases
from tests.kit.servers.postgresql import PostgreSQL
from tests.kit.servers.redis import RedisServer

if TYPE_CHECKING:
    from tests.kit.servers.samba import Samba
    from tests.kit.servers.slapd import Slapd
    from tests.kit.servers.sshd import Sshd

SERVICES = {"postgresql", "redis_server", "slapd", "samba", "sshd", "chromium"}
"""Fixtures that start a server: a test that asks for one carries the marker ``services``."""

GARBAGE = 50_000
"""Objects that are made before garbage is looked for among them."""


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and let a termination end the run as Ctrl-C does: with every fixture taken down."""
    config.addinivalue_line(
        "markers", "services: needs PostgreSQL, Redis, slapd, Samba, sshd, Apache or Chromium on the machine"
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # How long an example takes says how busy the machine is, and nothing of what is tested.
    hypothesis.settings.register_profile(
        "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("untimed")
    # What the tests start reads each module compiled, though the surroundings forbid to keep that beside the source.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(config.rootpath / ".pytest_cache" / "bytecode")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that needs a server, so that ``-m "not services"`` runs on Python alone."""
    for item in items:
        if SERVICES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.services)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each worker one long row of tests, and who is done takes from the other: a module's fixtures are made once,
    not in each."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and never in what the tests themselves are made of: else it takes a sixth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)


@pytest.fixture(scope="session", autouse=True)
def key_pool() -> Iterator[None]:
    """Signing keys are taken from a pool."""
    pool = KeyPool()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jose, "generate", pool.generate)
        patch.setattr(jose, "load", pool.load)
        yield


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """A password is hashed cheaply."""
    with pytest.MonkeyPatch.context() as patch:
        hash_with(patch, CHEAP)
        yield


@pytest.fixture(scope="module")
def agreed_hashes(cheap_hashes: None) -> Iterator[None]:
    """A password is hashed as the service hashes it."""
    with pytest.MonkeyPatch.context() as patch:
        hash_with(patch, AGREED)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled() -> Iterator[None]:
    """Templates and addresses are compiled once."""
    with pytest.MonkeyPatch.context() as patch:
        compile_once(patch)
        yield


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server; most tests want ``database_url`` instead."""
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis server; a test that pauses, stops or fills it takes ``redis`` instead."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[RedisServer]:
    """The Redis server, running and empty, to do anything to."""
    redis_server.revive()
    yield redis_server
    redis_server.revive()


@pytest.fixture(scope="session")
def slapd() -> Iterator[Slapd]:
    """An LDAP server."""
    from tests.kit.servers.slapd import Slapd

    server = Slapd()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sshd() -> Iterator[Sshd]:
    """An SFTP server."""
    from tests.kit.servers.sshd import Sshd

    server = Sshd()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samba]:
    """A domain controller of Active Directory; each test makes a unit of its own in it."""
    from tests.kit.servers.samba import Samba

    own = tmp_path_factory.getbasetemp()
    # Parallel workers have their folders in one of the run.
    of_the_run = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with Samba(kept=of_the_run / "samba") as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database in one file, to copy."""
    path = tmp_path_factory.mktemp("template") / "avain.db"
    upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="session")
def databases(postgresql: PostgreSQL) -> Iterator[Databases]:
    """The PostgreSQL databases that tests use in turn."""
    with pytest.MonkeyPatch.context() as patch:
        databases = Databases(postgresql, keep_connections(patch))
        yield databases
        databases.close()


@pytest.fixture(scope="session")
def postgresql_template(databases: Databases) -> str:
    """Name of a migrated, empty PostgreSQL database, to copy."""
    return databases.template


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a migrated, empty database of the test's own: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "avain.db")
        yield f"sqlite:///{copy}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    databases: Databases = request.getfixturevalue("databases")
    name = databases.lend()
    yield server.url(name)
    databases.take_back(name)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the test's database."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on the test's database; what the test does not commit is rolled back."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def avain(database_url: str, tmp_path: Path) -> Iterator[Avain]:
    """The service on the test's database, started."""
    with Avain(database_url, tmp_path) as server:
        yield server


@pytest.fixture
def at() -> Iterator[Callable[[datetime], None]]:
    """``at(instant)`` sets the clock of this process to an aware instant, until the next ``at`` or the end of the
    test."""
    with ExitStack() as stack:

        def set_clock(instant: datetime) -> None:
            stack.enter_context(clock.fixed(instant))

        yield set_clock


@pytest.fixture
def frozen(at: Callable[[datetime], None]) -> datetime:
    """The clock stands at this instant, a Tuesday noon of a school year; ``at`` moves it."""
    instant = datetime(2026, 9, 15, 9, 0, tzinfo=UTC)
    at(instant)
    return instant
