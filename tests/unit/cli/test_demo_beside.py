"""What runs beside the demonstration: it ends with it however that ends, and what is not there is told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from iam.cli.demo import beside, directory
from iam.cli.demo.told import lines
from iam.demo.feeds.ldif import BASE
from iam.web.joined import How, Joined
from tests.kit.servers.ports import HOST

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
PARENT = """
import sys, time
from pathlib import Path
from iam.cli.demo import beside
with beside.running([sys.executable, "-c", "import time; time.sleep(60)"], Path(sys.argv[1])) as child:
    print(child.pid, flush=True)
    time.sleep(60)
"""


def test_what_runs_beside_ends_with_the_block(tmp_path: Path) -> None:
    with beside.running(SLEEPER, tmp_path / "log") as child:
        assert child is not None
        assert child.poll() is None
    assert child.returncode == -signal.SIGTERM


def test_what_runs_beside_ends_also_when_its_parent_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
    for _ in range(200):
        if not alive(child):
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    raise AssertionError("it outlived its parent")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_program_that_is_not_there_or_ends_at_once_does_not_answer(tmp_path: Path) -> None:
    port = beside.free_port(0)
    with beside.running([str(tmp_path / "none")], tmp_path / "log") as child:
        assert child is None
        assert not beside.answers(child, port)
    with beside.running([sys.executable, "-c", ""], tmp_path / "log") as child:
        assert not beside.answers(child, port)


def test_a_port_that_is_taken_is_left_to_whoever_has_it() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert beside.free_port(port) != port
    assert beside.free_port(port) == port


@pytest.mark.services
def test_a_directory_is_made_once_so_that_its_entries_keep_their_ids(tmp_path: Path) -> None:
    ldif, folder = tmp_path / "directory.ldif", tmp_path / "directory"
    ldif.write_text(f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: mansikkala\no: M\n", "utf-8")
    assert directory.program() is not None
    assert directory.prepare(folder, ldif)
    made = (folder / "db" / "data.mdb").stat().st_mtime_ns
    assert directory.prepare(folder, ldif)
    assert (folder / "db" / "data.mdb").stat().st_mtime_ns == made
    assert (folder / "slapd.conf").stat().st_mode & 0o077 == 0


@pytest.mark.services
def test_a_directory_that_cannot_be_made_is_tried_anew_the_next_time(tmp_path: Path) -> None:
    ldif, folder = tmp_path / "directory.ldif", tmp_path / "directory"
    ldif.write_text("dn: this is no name\nobjectClass: none\n", "utf-8")
    assert not directory.prepare(folder, ldif)
    assert not (folder / "slapd.conf").exists()


def test_it_is_told_what_was_joined_and_what_was_not_found() -> None:
    systems = [Joined("hr", How.FILE), Joined("oneroster-rest", How.RUNS), Joined("ldap", How.MISSING)]
    told = "\n".join(lines("http://a", "http://b", Path("hr.csv"), 200, systems))
    assert "hr: files in" in told
    assert "oneroster-rest: answers on this machine" in told
    assert "ldap: no directory, as slapd is not installed" in told
