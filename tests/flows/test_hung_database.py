"""A PostgreSQL that hangs: people are told within seconds, and what needs no database goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from iam.database.migrate import upgrade
from tests.kit.servers.avain import Avain
from tests.kit.servers.postgresql import PostgreSQL

pytestmark = pytest.mark.services
SECONDS = 8


@contextmanager
def hung(server: PostgreSQL) -> Iterator[None]:
    """The server and all its processes keep their connections and answer nothing."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.pid)], capture_output=True, text=True, check=True)
    family = [server.pid, *(int(pid) for pid in listed.stdout.split())]
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in family:
            os.kill(pid, signal.SIGCONT)


def test_while_the_database_hangs_people_are_told_within_seconds_and_applications_still_find_the_keys(
    tmp_path: Path,
) -> None:
    with PostgreSQL() as database:
        url = database.url(database.fresh_database())
        upgrade(url)
        with Avain(url, tmp_path) as server:
            form, keys = f"{server.issuer}/login", f"{server.issuer}/oauth2/jwks"
            published = requests.get(keys, timeout=SECONDS).json()
            assert requests.get(form, timeout=SECONDS).status_code == 200
            with hung(database):
                for _ in range(2):
                    answer = requests.get(form, headers={"Accept": "text/html"}, timeout=SECONDS)
                    assert answer.status_code == 503
                assert requests.get(keys, timeout=SECONDS).json() == published
                ready = requests.get(f"{server.management_url}/readyz", timeout=SECONDS)
                assert (ready.status_code, ready.text) == (503, "database\n")
                assert requests.get(f"{server.management_url}/healthz", timeout=SECONDS).status_code == 200
            assert _answers(form)
            assert "the database does not answer" in server.log_tail(200)


def _answers(address: str) -> bool:
    """Whether the page is there again within seconds: whoever comes just then may meet a connection that was given
    up."""
    end = time.monotonic() + SECONDS
    while (status := requests.get(address, timeout=30).status_code) != 200 and time.monotonic() < end:
        time.sleep(0.2)
    return status == 200
