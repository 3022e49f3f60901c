"""A request takes a thread when all of it is here: nobody takes the service from others by sending slowly."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from tests.kit.servers.avain import Avain
from tests.kit.servers.ports import HOST

# What is half sent reaches no storage: once is enough, on what serves in production.
pytestmark = [pytest.mark.services, pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)]
HALF = (
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n%s\r\nlogin=aino"
)


@contextmanager
def half_sent(server: Avain, count: int, header: bytes = b"") -> Iterator[list[socket.socket]]:
    """Connections that have each sent half of a form, and wait."""
    with ExitStack() as stack:
        found = [stack.enter_context(socket.create_connection((HOST, server.port), timeout=30)) for _ in range(count)]
        for one in found:
            one.sendall(HALF % header)
        yield found


def status_of(connection: socket.socket) -> int:
    """The status of the answer that comes, or 0 when none comes."""
    return int([*connection.recv(4096).split(b" "), b"0", b"0"][1])


def test_four_hundred_half_sent_forms_take_nobodys_service_and_are_told_so_in_time(
    database_url: str, tmp_path: Path
) -> None:
    with Avain(database_url, tmp_path) as server, half_sent(server, 400) as waiting:
        for _ in range(20):
            assert requests.get(f"{server.issuer}/login", timeout=5).status_code == 200
        form = requests.post(f"{server.issuer}/login", data={"login": "aino", "password": "x"}, timeout=5)
        assert form.status_code == 400  # the application's own answer: the form was not one of its pages'
        assert {status_of(one) for one in waiting} == {408}


def test_an_address_may_send_sixty_four_at_once_and_other_addresses_are_not_kept_by_it(
    database_url: str, tmp_path: Path
) -> None:
    proxied = {"IAM_LISTEN__PROXIES": f'["{HOST}"]'}
    from_one, from_another = b"X-Forwarded-For: 203.0.113.7\r\n", b"X-Forwarded-For: 203.0.113.8\r\n"
    with Avain(database_url, tmp_path, proxied) as server, half_sent(server, 64, from_one) as waiting:
        page = requests.get(f"{server.issuer}/login", headers={"X-Forwarded-For": "203.0.113.7"}, timeout=5)
        assert page.status_code == 200
        with half_sent(server, 1, from_one) as (one_more,), half_sent(server, 1, from_another) as (another,):
            assert status_of(one_more) == 429
            assert status_of(another) == 408
        assert {status_of(one) for one in waiting} == {408}


def test_what_is_larger_than_a_form_may_be_is_refused_in_words_however_it_is_sent(
    database_url: str, tmp_path: Path
) -> None:
    with Avain(database_url, tmp_path) as server:
        html = {"Accept": "text/html", "Accept-Language": "en", "Content-Type": "application/x-www-form-urlencoded"}
        for body in (b"x" * 140_000, iter([b"x" * 70_000, b"x" * 70_000])):
            answer = requests.post(f"{server.issuer}/login", data=body, headers=html, timeout=5)
            assert answer.status_code == 413
            assert "too large" in answer.text
