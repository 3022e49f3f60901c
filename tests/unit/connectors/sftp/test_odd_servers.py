"""Servers that lie, and such that let in by password."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from connectors.contract import ConnectorError, Refused, Retryable, Unreachable
from connectors.hr import HrConnector, HrSettings
from tests.kit.feeds.csv_inputs import FIXTURES, read_all, records
from tests.kit.peers.odd_sftp import PASSWORD, USERNAME, OddSftp
from tests.kit.servers.ports import HOST

GOOD = (FIXTURES / "good.csv").read_bytes()


def connector(server: OddSftp, pattern: str = "hr*", **others: Any) -> HrConnector:
    sftp = {"host": HOST, "port": server.port, "username": USERNAME, "password": PASSWORD, "folder": "/"}
    sftp |= {"host_key": server.host_key} | others
    return HrConnector(HrSettings.model_validate({"sftp": sftp, "pattern": pattern}))


def test_a_password_signs_in_and_a_wrong_one_is_told() -> None:
    with OddSftp({"hr.csv": GOOD}) as server:
        assert len(records(read_all(connector(server).read()))) == 4
        with pytest.raises(Refused, match="does not accept username and password"):
            read_all(connector(server, password="väärä").read())


def test_a_password_may_lie_in_a_file(tmp_path: Path) -> None:
    (file := tmp_path / "salasana").write_text(PASSWORD + "\n")
    with OddSftp({"hr.csv": GOOD}) as server:
        assert connector(server, password=None, password_file=file).test() == []


def test_a_name_that_leads_elsewhere_is_passed_over(tmp_path: Path) -> None:
    with OddSftp({"hr_20270101/../../../../../../tmp/hr.csv": b"x", "hr_20260915.csv": GOOD}) as server:
        found = records(read_all(connector(server).read()))
    assert {one.file for one in found} == {"hr_20260915.csv"}


@pytest.mark.parametrize("told", [10, len(GOOD) + 10])
def test_a_file_that_is_not_as_large_as_the_server_says_is_not_read(told: int) -> None:
    with OddSftp({"hr.csv": GOOD}, {"hr.csv": told}) as server, pytest.raises(Retryable, match="changed while it was"):
        read_all(connector(server).read())


@pytest.fixture
def web() -> Iterator[int]:
    """The port of something that speaks no SSH."""

    def serve() -> None:
        link, _ = listener.accept()
        with link:
            link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server((HOST, 0)) as listener:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def test_what_speaks_no_ssh_is_told(web: int) -> None:
    with OddSftp({}) as server, pytest.raises(Unreachable, match="does not speak SSH"):
        read_all(connector(server, port=web).read())


def test_no_problem_ever_shows_the_password() -> None:
    with OddSftp({}) as server:
        for others in ({}, {"password": "väärä-salasana"}, {"port": 1}):
            with pytest.raises(ConnectorError) as caught:
                read_all(connector(server, **others).read())
            assert PASSWORD not in str(caught.value)
            assert "väärä-salasana" not in repr(caught.value.problem)
