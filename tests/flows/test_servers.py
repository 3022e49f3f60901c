"""Every test server starts, answers and stops, and leaves neither a process nor a folder behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import redis as redis_client
import requests
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from iam import clock
from tests.kit.servers.apache import Apache
from tests.kit.servers.avain import Avain
from tests.kit.servers.ports import answers, free_port
from tests.kit.servers.postgresql import PostgreSQL
from tests.kit.servers.process import Server, ServerFailed, processes_of_session
from tests.kit.servers.redis import RedisServer

services = pytest.mark.services


class Script(Server):
    """A server made of one line of Python, ready when it has written ``up`` into its log."""

    name = "script"

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line

    def command(self) -> list[str]:
        return [sys.executable, "-Iu", "-c", self.line]

    def ready(self) -> bool:
        return "up" in self.log_tail().split()


def is_alive(pid: int) -> bool:
    """Whether a process with this id runs (a zombie does not)."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds; fail after 30 s."""
    for _ in range(1500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen in 30 s")


def assert_leaves_nothing(server: Server) -> None:
    """Stop the server and look for what it left."""
    pid, folder = server.pid, server.folder
    assert pid in processes_of_session(pid)
    server.stop()
    assert processes_of_session(pid) == set()
    assert not folder.exists()
    assert not server.started


def test_a_free_port_is_never_given_twice() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == len(ports)
    assert not any(answers(port) for port in ports)


def test_a_server_that_ends_at_once_fails_with_its_last_words_and_leaves_nothing() -> None:
    server = Script("import sys; sys.exit('no such key file')")
    with pytest.raises(ServerFailed, match="no such key file"):
        server.start()
    assert not server.started
    assert server.folder == Path()


def test_a_server_that_ignores_its_stop_signal_is_killed_with_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.kit.servers.process.STOP_TRIES", 4)
    stubborn = "import os, signal, time; signal.signal(15, signal.SIG_IGN); os.fork(); print('up'); time.sleep(60)"
    server = Script(stubborn).start()
    assert len(processes_of_session(server.pid)) == 2
    assert_leaves_nothing(server)


def test_children_of_a_server_that_died_by_itself_are_ended_with_it() -> None:
    server = Script("import os, time; os.fork() or time.sleep(60); print('up'); time.sleep(60)").start()
    pid = server.pid
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not is_alive(pid))
    assert len(processes_of_session(pid)) == 1
    server.stop()
    assert processes_of_session(pid) == set()


def test_a_server_does_not_outlive_tests_that_are_killed() -> None:
    code = (
        "import os, signal\n"
        "from tests.flows.test_servers import Script\n"
        "server = Script(\"import time; print('up'); time.sleep(60)\").start()\n"
        "print(server.pid, server.folder, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    killed = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=False, capture_output=True, text=True, timeout=30
    )
    assert killed.returncode == -signal.SIGKILL
    pid, folder = killed.stdout.split()
    Path(folder, "log").unlink()
    Path(folder).rmdir()
    eventually(lambda: not is_alive(int(pid)))


@services
def test_postgresql_starts_answers_and_leaves_nothing() -> None:
    server = PostgreSQL().start()
    engine = create_engine(server.url())
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_setting('server_encoding')")) == "UTF8"
        assert connection.scalar(text("SELECT current_setting('fsync')")) == "off"
    # The pooled connection is still open: stopping must not wait for it.
    assert_leaves_nothing(server)
    engine.dispose()


@services
def test_a_fresh_postgresql_database_is_a_copy_that_can_be_dropped_while_in_use(postgresql: PostgreSQL) -> None:
    original = postgresql.fresh_database()
    engine = create_engine(postgresql.url(original))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE municipality (name text)"))
        connection.execute(text("INSERT INTO municipality VALUES ('Koivula')"))
    engine.dispose()
    copy = create_engine(postgresql.url(postgresql.fresh_database(original)))
    with copy.connect() as connection:
        assert connection.scalar(text("SELECT name FROM municipality")) == "Koivula"
        postgresql.drop_database(copy.url.database or "")
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT 1"))
    copy.dispose()
    postgresql.drop_database(original)


@services
def test_redis_starts_answers_and_leaves_nothing() -> None:
    server = RedisServer().start()
    with server.client() as client:
        assert client.set("door", "open")
        assert client.get("door") == "open"
        server.flush()
        assert client.get("door") is None
    assert_leaves_nothing(server)


@services
def test_a_paused_redis_hangs_a_stopped_one_refuses_and_either_can_be_revived(redis: RedisServer) -> None:
    redis.pause()
    with redis.client() as client, pytest.raises(redis_client.TimeoutError):
        client.ping()
    redis.revive()
    assert redis.ready()
    redis.pause()
    assert_leaves_nothing(redis)
    with redis.client() as client, pytest.raises(redis_client.ConnectionError):
        client.ping()
    redis.revive()
    assert redis.ready()


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server of one static discovery document, which is all that the first step of a sign-in needs."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    well_known = tmp_path_factory.mktemp("issuer") / ".well-known"
    well_known.mkdir()
    endpoints = {name: f"{issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    (well_known / "openid-configuration").write_text(repr({"issuer": issuer, **endpoints}).replace("'", '"'))

    class Static(Script):
        def command(self) -> list[str]:
            where = ["--bind", "127.0.0.1", "--directory", str(well_known.parent)]
            return [sys.executable, "-m", "http.server", str(port), *where]

        def ready(self) -> bool:
            return answers(port)

    with Static(""):
        yield issuer


@services
def test_apache_sends_a_visitor_of_the_protected_page_to_the_issuer_and_leaves_nothing(issuer: str) -> None:
    server = Apache(issuer, "koivula-wilma", "a secret of a test").start()
    assert requests.get(f"{server.url}/open", timeout=10).json() == {}
    sent = requests.get(f"{server.url}/protected", allow_redirects=False, timeout=10)
    assert sent.status_code == 302, server.log_tail()
    asked = urlsplit(sent.headers["Location"])
    assert f"{asked.scheme}://{asked.netloc}{asked.path}" == f"{issuer}/authorization_endpoint"
    query = parse_qs(asked.query)
    assert query["client_id"] == ["koivula-wilma"]
    assert query["redirect_uri"] == [server.redirect_uri]
    assert query["code_challenge_method"] == ["S256"]
    assert_leaves_nothing(server)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_gets_a_migrated_database_of_its_own(engine: Engine, turn: str) -> None:
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1
        connection.execute(text("CREATE TABLE left_behind (name text)"))  # fails where the other turn's is seen


@services
def test_the_service_starts_as_its_user_starts_it_answers_and_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    server = Avain(database_url, tmp_path).start()
    discovery = requests.get(f"{server.issuer}/.well-known/openid-configuration", timeout=10).json()
    assert discovery["issuer"] == server.issuer
    assert server.iam("--help").returncode == 0
    assert_leaves_nothing(server)
    assert (tmp_path / "vault.key").exists()


def test_the_clock_stands_where_a_test_puts_it(frozen: datetime) -> None:
    assert clock.now() == frozen
    assert clock.now() == frozen


def test_the_clock_moves_when_a_test_says_so(at: Callable[[datetime], None]) -> None:
    for year in (2025, 2027):
        at(datetime(year, 1, 1, tzinfo=UTC))
        assert clock.now().year == year
