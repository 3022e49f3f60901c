"""``make run`` as somebody meets it who tries Avain: started twice, interrupted, stopped by Ctrl-C, its ports taken."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from iam.demo.people import TRY
from tests.kit.servers.ports import HOST, answers, free_port
from tests.kit.servers.process import processes_of_session
from tests.kit.worlds.consortium import SMALL, DemoServer, environment, prepare, prepared, served


@pytest.fixture
def state(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the first ``iam demo run`` left behind."""
    copy: Path = shutil.copytree(prepared(tmp_path_factory, *SMALL), tmp_path / "state")
    return copy


def content(state: Path) -> list[str]:
    """Everything in the database."""
    with closing(sqlite3.connect(state / "demo.db")) as connection:
        return list(connection.iterdump())


def test_a_second_start_sets_nothing_up_and_changes_nothing(state: Path) -> None:
    before = content(state)
    done = prepare(state)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert content(state) == before


def test_a_first_start_that_was_cut_off_is_finished_by_the_next(state: Path) -> None:
    (state / "feeds" / "done").unlink()
    done = prepare(state, "--profile", SMALL[0], "--seed", SMALL[1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert (state / "feeds" / "done").exists()


def test_starting_over_forgets_everything_and_makes_other_people(state: Path) -> None:
    before = (state / "feeds" / "hr.csv").read_text(encoding="utf-8")
    done = prepare(state, "--fresh", "--profile", "small", "--seed", "toinen-teksti")
    assert done.returncode == 0, done.stdout + done.stderr
    after = (state / "feeds" / "hr.csv").read_text(encoding="utf-8")
    assert len(after.splitlines()) == len(before.splitlines())
    assert after != before
    assert "1001;140381-902E;Aino Maria;Aino;Esimerkki;P1001-1;" in after


def test_the_people_to_try_are_shown_and_ctrl_c_leaves_neither_a_process_nor_a_port(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path) as (consortium, server):
        told = server.log_tail(200)
        assert [person.login for person in TRY if person.login not in told] == []
        assert [person.password for person in TRY if person.password not in told] == []
        assert f"Wilma: {server.relying}" in told
        assert all(answers(port) for port in server.ports)
        joined = [consortium.iam("source", "test", key) for key in ("oneroster-rest", "ldap")]
        assert [(one.exit_code, one.output) for one in joined if one.exit_code] == []
        assert "ldap: answers on this machine" in told
        leader = server.pid
        os.kill(leader, signal.SIGINT)
        status = ended(leader)
        assert (status.si_code, status.si_status) == (os.CLD_EXITED, 0), server.log_tail()
        assert server.log_tail(1) == "Stopped."
        assert processes_of_session(leader) == set()
        assert not any(answers(port) for port in server.ports)


def test_on_other_ports_the_application_comes_back_to_where_it_answers_then(state: Path) -> None:
    def addresses() -> tuple[str, str]:
        with closing(sqlite3.connect(state / "demo.db")) as connection:
            query = "SELECT redirect_uris, post_logout_redirect_uris FROM client WHERE client_id = 'demo-palvelu'"
            found: tuple[str, str] = connection.execute(query).fetchone()
            return found

    assert prepare(state, "--port", "9080").returncode == 0
    assert addresses() == ('["http://localhost:9081/callback"]', '["http://localhost:9081/"]')
    assert prepare(state).returncode == 0
    assert addresses() == ('["http://localhost:8081/callback"]', '["http://localhost:8081/"]')


def test_a_profile_that_is_none_is_refused_with_those_that_are(tmp_path: Path) -> None:
    done = prepare(tmp_path / "state", "--profile", "huge")
    assert done.returncode == 2
    assert "'small', 'normal', 'large'" in done.stderr
    assert not (tmp_path / "state").exists()


def test_a_taken_port_is_named_and_nothing_is_left_running(state: Path) -> None:
    with socket.create_server((HOST, free_port())) as taken:
        port = taken.getsockname()[1]
        server = DemoServer(state, f"http://localhost:{port}", f"http://localhost:{free_port()}")
        surroundings = {**environment(), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            server.command(), check=False, env=surroundings, capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"Port {port} is taken." in done.stderr
    assert "make run PORT=9080" in done.stderr
    assert "Traceback" not in done.stderr


def ended(pid: int) -> os.waitid_result:
    """Wait up to 30 s until a child has ended, without reaping it, and return how."""
    for _ in range(600):
        found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not end in 30 s")
